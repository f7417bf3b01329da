using System.Collections.Immutable;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Operator.Status;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Tests.Operator;

public sealed class TableHistoryTests
{
    private static readonly ObjectMeta First = new() { Uid = "1", Generation = 1 };
    private static readonly ObjectMeta Changed = new() { Uid = "1", Generation = 2 };

    private readonly TableHistory _history = new();
    private long _sequence;

    [Fact]
    public void Proxy_HasARuleFromTheTableOnThatFirstHeldIt()
    {
        Compiled("empty");
        Compiled("a", First);
        Assert.False(_history.Has("empty", First));
        Assert.True(_history.Has("a", First));
        Assert.False(_history.Has("unknown", First));
    }

    [Fact]
    public void ChangedRule_IsNotInForceWithTheOldTable()
    {
        Compiled("a", First);
        Compiled("b", Changed);
        Assert.False(_history.Has("a", Changed));
        Assert.True(_history.Has("b", Changed));
    }

    [Fact]
    public void ChangeWithoutEffectOnTheTable_IsInForceAtOnce()
    {
        Compiled("a", First);
        Compiled("a", Changed);
        Assert.True(_history.Has("a", Changed));
    }

    [Fact]
    public void RuleThatCameBack_CountsAnew()
    {
        Compiled("a", First);
        Compiled("empty");
        Compiled("a", First with { Uid = "2" });
        Assert.False(_history.Has("empty", First with { Uid = "2" }));
        Assert.True(_history.Has("a", First with { Uid = "2" }));
    }

    private void Compiled(string version, params ImmutableArray<ObjectMeta> rules) =>
        _history.Add(
            new DiscoveryState(
                ++_sequence,
                new ClusterSnapshot(),
                rules,
                RouteTable.Empty with
                {
                    Version = version,
                },
                TableResources.None,
                []));
}
