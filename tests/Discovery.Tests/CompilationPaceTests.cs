using Microsoft.Extensions.Time.Testing;
using Turnpike.Discovery;

namespace Turnpike.Tests.Discovery;

public sealed class CompilationPaceTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CompilationPace _pace;

    public CompilationPaceTests() => _pace = new CompilationPace(_clock);

    [Fact]
    public void FirstChange_WaitsForTheShortestTime() => Assert.Equal(15, Wait());

    /// <summary>
    /// A user who applies rules one by one, each as soon as the last has taken effect, waits for the shortest time each time.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void CheapChangesOneAfterTheOther_AlwaysWaitForTheShortestTime(int took)
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(15, Wait());
            Compile(took);
        }
    }

    [Fact]
    public void ChangesThatKeepComing_WaitForFourTimesWhatCompilationsCost()
    {
        for (var i = 0; i < 20; i++)
        {
            Wait();
            Compile(50);
        }
        Assert.Equal(200, Wait(), 0.01);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(125)]
    public void ConstantPressure_CompilesForAFifthOfTheTime(int took)
    {
        // The first few compilations are what the pace learns from.
        for (var i = 0; i < 10; i++)
        {
            Wait();
            Compile(took);
        }
        var (waited, compiled) = (0.0, 0.0);
        for (var i = 0; i < 50; i++)
        {
            waited += Wait();
            compiled += took;
            Compile(took);
        }
        Assert.InRange(compiled / (waited + compiled), 0, 0.201);
    }

    /// <summary>
    /// Half of a compilation's cost counts from the first on: it never takes more than a third of the time while it takes no more than 250
    /// ms.
    /// </summary>
    [Theory]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(250)]
    public void ConstantPressure_FromTheFirstCompilationOn_LeavesTwoThirdsOfTheTime(int took)
    {
        Compile(took);
        for (var i = 0; i < 50; i++)
        {
            Assert.InRange(Wait(), took * 1.99, 500);
            Compile(took);
        }
    }

    [Fact]
    public void SingleSlowCompilation_DelaysOneChangeOnly()
    {
        Compile(3);
        Compile(60);
        Assert.InRange(Wait(), 100, 130);
        Compile(3);
        Assert.Equal(15, Wait());
    }

    [Fact]
    public void TimeSinceTheLastCompilation_CountsAsRest()
    {
        for (var i = 0; i < 20; i++)
            Compile(100);
        Pass(300);
        Assert.Equal(100, Wait(), 0.01);
        Compile(100);
        Pass(399);
        Assert.Equal(15, Wait());
        Compile(100);
        Pass(60_000);
        Assert.Equal(15, Wait());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(400)]
    [InlineData(60_000)]
    [InlineData(int.MaxValue)]
    public void EveryWait_IsWithinTheBounds(int took)
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.InRange(Wait(), 15, 500);
            Compile(took);
        }
    }

    [Fact]
    public void AnySequenceOfCosts_StaysWithinTheBounds()
    {
        var random = new Random(7);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.InRange(Wait(), 15, 500);
            Compile(random.Next(0, 1 << random.Next(0, 14)));
            Pass(random.Next(0, 1 << random.Next(0, 12)));
        }
    }

    private double Wait()
    {
        var wait = _pace.Next();
        _clock.Advance(wait);
        return wait.TotalMilliseconds;
    }

    private void Compile(int milliseconds)
    {
        Pass(milliseconds);
        _pace.Compiled(TimeSpan.FromMilliseconds(milliseconds));
    }

    private void Pass(int milliseconds) => _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
}
