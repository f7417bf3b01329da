using Turnpike.Bench.Micro;
using Turnpike.Routing;

namespace Turnpike.Tests.Pipeline;

/// <summary>
/// Tests what the pipeline allocates for a request in the steady state, between a front and an upstream client that do nothing.
/// </summary>
public sealed class AllocationTests
{
    private const int Requests = 500;
    private const int Rounds = 40;

    [Theory]
    [InlineData("plain", 0)]
    [InlineData("retries", 0)]
    [InlineData("perTry", 0)]
    public void ForwardedRequestAllocatesNoMoreThanItsBound(string name, int bound)
    {
        var retry = name switch
        {
            "retries" => new RetryPolicy(3),
            "perTry" => new RetryPolicy(3, TimeSpan.FromSeconds(1)),
            _ => null,
        };
        var pipeline = NullPipeline.Start(NullPipeline.Route with { Retry = retry });
        var exchange = new NullExchange();

        // The first rounds run code that is not optimized yet, and other rounds may meet a collection that empties a pool.
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > bound; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Requests; i++)
            {
                exchange.Begin();
                Assert.True(IsComplete(pipeline.HandleAsync(exchange)));
            }
            least = Math.Min(least, (GC.GetAllocatedBytesForCurrentThread() - before) / Requests);
        }

        Assert.Equal(200, exchange.Response.Status);
        Assert.Equal(NullUpstream.BodyLength, exchange.BytesWritten);
        Assert.InRange(least, 0, bound);
    }

    private static bool IsComplete(ValueTask task) => task.IsCompletedSuccessfully;
}
