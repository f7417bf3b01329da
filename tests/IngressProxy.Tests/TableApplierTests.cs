using System.Net;
using Turnpike.IngressProxy.TableSources;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Tests what a proxy does with the tables of a source, whichever it is.</summary>
public sealed class TableApplierTests
{
    [Fact]
    public async Task FaultyTableIsReportedOnce_AndTheLastGoodOneStays()
    {
        await using var proxy = await TestProxy.StartAsync();
        var applier = new TableApplier(proxy.Server, proxy.Logs);

        Assert.Null(Apply("one"));
        for (var i = 0; i < 3; i++)
            Assert.Equal("rubbish", applier.Apply("a source", _ => throw new InvalidOperationException("rubbish")));
        Assert.Equal("one", proxy.Server.Table.Version);
        Assert.Equal(["Error table from a source refused, the last good one stays: rubbish"], Refusals());
        Assert.Equal(1, await FailuresAsync());

        applier.Refuse("a source", "cannot be read");
        applier.Refuse("another source", "cannot be read");
        Assert.Equal(3, Refusals().Length);
        Assert.Null(Apply("two"));
        applier.Refuse("another source", "cannot be read");
        Assert.Equal(4, await FailuresAsync());
        Assert.Equal("two", proxy.Server.Table.Version);

        string? Apply(string version) => applier.Apply("a source", swap =>
        {
            var table = Tables.To(IPEndPoint.Parse("127.0.0.1:1")) with { Version = version };
            swap(table);
            return table;
        });

        string[] Refusals() => [.. proxy.Logs.Lines.Where(l => l.Contains("refused", StringComparison.Ordinal)).Select(l => l.TrimEnd())];

        async Task<int> FailuresAsync()
        {
            const string name = "\nturnpike_table_load_failures_total ";
            var text = (await proxy.AdminAsync("/metrics")).Text;
            var at = text.IndexOf(name, StringComparison.Ordinal) + name.Length;
            return int.Parse(text[at..text.IndexOf('\n', at)], System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
