using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.RegularExpressions;
using Turnpike.Operator;
using Turnpike.Operator.Manifests;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;

namespace Turnpike.Tests.Operator;

[CollectionDefinition(nameof(MetricsTests), DisableParallelization = true)]
public sealed class AloneBecauseMetersAreOfTheProcess;

/// <summary>The whole operator before a fake API server, and a proxy: what both show is what the reference says.</summary>
[Collection(nameof(MetricsTests))]
public sealed partial class MetricsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_OfOperatorAndProxy_AreThoseOfTheReference()
    {
        using var instruments = new Instruments();
        await using var cluster = await Cluster.StartAsync();
        var kubeconfig = cluster.WriteKubeconfig();
        var ports = FreePorts.Take(3);
        var options = new OperatorOptions(kubeconfig, "operator-1", "127.0.0.1", "image", cluster.TokenFile)
        {
            WebhookPort = ports[0],
            DiscoveryPort = ports[1],
            HealthPort = ports[2],
        };
        await using var app = OperatorHost.Build(options);
        await app.StartAsync(Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{options.HealthPort}") };
        string[] last =
        [
            "turnpike_table_info{",
            "turnpike_reconcile_duration_seconds_count{",
            "turnpike_election_leading",
            "turnpike_certificate_expiry_timestamp_seconds",
        ];
        var text = await Wait.For(
            ct => client.GetStringAsync("/metrics", ct),
            page => last.All(name => page.Contains(name, StringComparison.Ordinal)),
            "the metrics");
        var (operatorPage, proxyPage) = (Part("## Operator", "## Proxy"), Part("## Proxy", "\0"));

        AssertDescribed(operatorPage, text, "turnpike_");
        Assert.All(instruments.Names, name => Assert.Contains($"| `{name}", operatorPage, StringComparison.Ordinal));
        Assert.Contains("version=\"", text, StringComparison.Ordinal);
        Assert.Matches("""turnpike_table_objects\{[^}]*kind="ingress"[^}]*\} 1\n""", text);
        Assert.Matches("""turnpike_api_request_duration_seconds_bucket\{[^}]*code="200"[^}]*le="0.001"\}""", text);
        Assert.Contains("dotnet_gc_", text, StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.NotFound, (await client.GetAsync(new Uri(Deployed.IngressPath, UriKind.Relative), Cancelled)).StatusCode);

        await using var proxy = await FollowingProxy.StartAsync(cluster, options.DiscoveryPort);
        using var admin = new HttpClient { BaseAddress = new Uri($"http://{proxy.Server.Admin}") };
        proxy.Server.Swap(Routing.RouteTable.Empty with { Version = "a" });
        await proxy.GetAsync();
        AssertDescribed(proxyPage, await admin.GetStringAsync("/metrics", Cancelled), "");
        await app.StopAsync(new CancellationToken(canceled: true));
    }

    private static string Part(string from, string to)
    {
        var page = MetricsReference.Build() + "\0";
        var start = page.IndexOf(from, StringComparison.Ordinal);
        return page[start..page.IndexOf(to, start, StringComparison.Ordinal)];
    }

    /// <summary>Every family of the text has its line, with its type and its labels.</summary>
    private static void AssertDescribed(string page, string text, string prefix)
    {
        var rows = RowPattern().Matches(page).ToDictionary(r => r.Groups["name"].Value);
        var types = TypePattern()
            .Matches(text)
            .Where(t => t.Groups["name"].Value.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(t => t.Groups["name"].Value, t => t.Groups["type"].Value);
        Assert.NotEmpty(types);
        Assert.All(types, type => Assert.Equal(type.Value, rows.GetValueOrDefault(type.Key)?.Groups["type"].Value));
        foreach (Match series in SeriesPattern().Matches(text))
        {
            var family = types.Keys.FirstOrDefault(name =>
                series.Groups["name"].Value is var full
                && (
                    full == name
                    || (full.StartsWith(name + "_", StringComparison.Ordinal) && full[name.Length..] is "_bucket" or "_sum" or "_count")));
            if (family is null)
                continue;
            var labels = LabelPattern()
                .Matches(series.Groups["labels"].Value)
                .Select(l => l.Groups[1].Value)
                .Where(l => l != "le" && !l.StartsWith("otel_", StringComparison.Ordinal));
            Assert.All(labels, label => Assert.Contains($"`{label}`", rows[family].Groups["labels"].Value, StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<type>\w+) \| (?<labels>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex RowPattern();

    [GeneratedRegex(@"^# TYPE (?<name>\w+) (?<type>\w+)$", RegexOptions.Multiline)]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"^(?<name>\w+)\{(?<labels>.*)\} ", RegexOptions.Multiline)]
    private static partial Regex SeriesPattern();

    [GeneratedRegex("(\\w+)=\"")]
    private static partial Regex LabelPattern();

    /// <summary>Every instrument of ours, measured or not, by the beginning of its name in the text.</summary>
    private sealed class Instruments : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, bool> _names = new();

        public Instruments()
        {
            _listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("Turnpike.", StringComparison.Ordinal))
                    _names[instrument.Name.Replace('.', '_')] = true;
            };
            _listener.Start();
        }

        public ICollection<string> Names => _names.Keys;

        public void Dispose() => _listener.Dispose();
    }
}
