using System.Diagnostics;
using System.Net;
using Turnpike.IngressProxy.TableSources;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

public sealed class TableFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("turnpike-table-");

    private string TablePath => Path.Combine(_directory.FullName, "table.json");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task File_IsLoaded_WhenItComes_AndWhenItIsWritten()
    {
        await using var proxy = await TestProxy.StartAsync();
        await using var file = Watch(proxy);

        Write(TablePath, "one");
        await InForceAsync(proxy, "one");
        Write(TablePath, "two");
        await InForceAsync(proxy, "two");
        File.Delete(TablePath);
        Write(TablePath, "three");
        await InForceAsync(proxy, "three");
    }

    [Fact]
    public async Task File_IsLoaded_WhenRenamedIntoPlace()
    {
        Write(TablePath, "one");
        await using var proxy = await TestProxy.StartAsync();
        await using var file = Watch(proxy);
        await InForceAsync(proxy, "one");

        Write(TablePath + ".new", "two");
        File.Move(TablePath + ".new", TablePath, overwrite: true);

        await InForceAsync(proxy, "two");
    }

    [Fact]
    public async Task File_IsLoaded_WhenTheLinkOfAMountedConfigMapIsSwapped()
    {
        Generation("1", "one");
        var link = Path.Combine(_directory.FullName, "..data");
        File.CreateSymbolicLink(link, "1");
        File.CreateSymbolicLink(TablePath, Path.Combine("..data", "table.json"));
        await using var proxy = await TestProxy.StartAsync();
        await using var file = Watch(proxy);
        await InForceAsync(proxy, "one");

        Generation("2", "two");
        File.CreateSymbolicLink(link + "_tmp", "2");
        // One rename, as the kubelet does it; File.Move looks at what the link points to.
        using (var move = Process.Start("mv", ["-fT", link + "_tmp", link]))
            await move.WaitForExitAsync(TestContext.Current.CancellationToken);

        await InForceAsync(proxy, "two");

        void Generation(string name, string version)
        {
            Directory.CreateDirectory(Path.Combine(_directory.FullName, name));
            Write(Path.Combine(_directory.FullName, name, "table.json"), version);
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"format\":99}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"a\",\"protocol\":\"http\"},{\"name\":\"a\",\"protocol\":\"tcp\"}]}")]
    [InlineData("{\"format\":2,\"settings\":{\"trustedCidrs\":[\"rubbish\"]}}")]
    public async Task BrokenFile_IsReported_AndTheLastGoodTableStays(string content)
    {
        Write(TablePath, "good");
        await using var proxy = await TestProxy.StartAsync();
        await using var file = Watch(proxy);
        await InForceAsync(proxy, "good");

        File.WriteAllText(TablePath, content);
        while ((await proxy.AdminAsync("/metrics")).Text.Contains("turnpike_table_load_failures_total 0\n", StringComparison.Ordinal))
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        Assert.Equal("good", proxy.Server.Table.Version);
        Assert.Contains(proxy.Logs.Lines, l => l.StartsWith("Error", StringComparison.Ordinal) && l.Contains(TablePath, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await proxy.AdminAsync("/ready")).Status);

        Write(TablePath, "better");
        await InForceAsync(proxy, "better");
    }

    private static void Write(string path, string version) =>
        File.WriteAllBytes(path, RouteTableJson.Serialize(Tables.To(IPEndPoint.Parse("127.0.0.1:1")) with { Version = version }));

    private static Task InForceAsync(TestProxy proxy, string version) =>
        Wait.Until(() => proxy.Server.Table.Version == version, $"the table {version}");

    private Following Watch(TestProxy proxy) =>
        new(new TableFile(TablePath, new TableApplier(proxy.Server, proxy.Logs), proxy.Logs, TimeProvider.System));

    /// <summary>A source that is followed until the end of a test.</summary>
    private sealed class Following : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;

        public Following(ITableSource source) => _run = source.RunAsync(_stop.Token);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
        }
    }
}
