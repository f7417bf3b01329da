using Turnpike.Hosting.Serving;

namespace Turnpike.Tests.Hosting.Serving;

public sealed class FairBudgetTests
{
    private readonly List<string> _evicted = [];

    [Fact]
    public void Budget_IsLimited_InAllAndByPeer_AndComesBack()
    {
        var budget = new FairBudget<string>(10, 6);
        using var first = budget.TryOpen("a", 6);
        Assert.NotNull(first);
        Assert.Null(budget.TryOpen("a", 1));
        using var second = budget.TryOpen("b", 4);
        Assert.NotNull(second);
        Assert.Null(budget.TryOpen("c", 1));
        Assert.Equal(10, budget.Taken);
        first.Shrink(2);
        Assert.NotNull(budget.TryOpen("c", 2));
        first.Dispose();
        first.Dispose();
        Assert.Equal(6, budget.Taken);
    }

    [Fact]
    public void FullBudget_MakesRoomForThePeerWithLess_AtTheCostOfTheOneWithMost()
    {
        var budget = new FairBudget<string>(6, 6);
        var shares = Enumerable.Range(0, 4).Select(i => Open("a", i)).ToList();
        Open("b", 0);
        Open("b", 1);
        Assert.NotNull(Open("c", 0));
        Assert.NotNull(Open("c", 1));
        Assert.Equal(["a0", "a1"], _evicted);
        Assert.False(shares[0]!.TryGrow(1));
        Assert.Equal(6, budget.Taken);

        // All have the same now, so none has to yield.
        Assert.Null(Open("c", 2));
        Assert.Null(Open("a", 9));
        Assert.NotNull(Open("d", 0));
        Assert.Equal(3, _evicted.Count);

        FairBudget<string>.Share? Open(string peer, int number) => budget.TryOpen(peer, 1, () => _evicted.Add($"{peer}{number}"));
    }

    [Fact]
    public void KeptShare_IsNotTakenAway()
    {
        var budget = new FairBudget<string>(4, 4);
        var kept = budget.TryOpen("a", 3, () => _evicted.Add("kept"))!;
        var other = budget.TryOpen("a", 1, () => _evicted.Add("other"))!;
        Assert.True(kept.TryKeep());
        Assert.NotNull(budget.TryOpen("b", 1));
        Assert.Equal(["other"], _evicted);
        Assert.False(other.TryKeep());
        Assert.Null(budget.TryOpen("b", 1));
    }

    [Fact]
    public async Task Budget_IsNeverExceeded_UnderConcurrency()
    {
        var budget = new FairBudget<int>(50, 20);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(peer => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                using var share = budget.TryOpen(peer, 1 + (i % 7), () => { });
                if (share?.TryGrow(5) == true)
                    share.Shrink(5);
                Assert.InRange(budget.Taken, 0, 50);
            }
        })));
        Assert.Equal(0, budget.Taken);
    }
}
