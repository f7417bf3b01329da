using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Certificates;

/// <summary>A fake API server with two webhook configurations, and replicas that care for the certificates of their webhooks.</summary>
internal sealed class CertificateFixture : IAsyncDisposable
{
    public const string Secrets = "v1/secrets";
    public const string Validating = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    public const string Mutating = "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    public const string Name = "turnpike";

    private readonly List<Replica> _replicas = [];

    private CertificateFixture(FakeApi api) => Api = api;

    public FakeApi Api { get; }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.Parse("2026-06-01T00:00:00Z", CultureInfo.InvariantCulture));

    public CertificateOptions Options { get; set; } = new()
    {
        Secret = new("system", "webhook-certificates"),
        DnsNames = ["webhooks.system.svc", "webhooks.system.svc.cluster.local"],
    };

    public static async Task<CertificateFixture> StartAsync(bool configured = true)
    {
        var fixture = new CertificateFixture(await FakeApi.StartAsync());
        if (configured)
            fixture.Configure();
        return fixture;
    }

    /// <summary>Puts the configurations as an installation does: without knowing any caBundle.</summary>
    public void Configure()
    {
        Api.Put(Validating, "", Name, Configuration("rules", "ingresses"));
        Api.Put(Mutating, "", Name, Configuration("inject"));

        static JsonObject Configuration(params string[] webhooks) => new()
        {
            ["webhooks"] = new JsonArray([.. webhooks.Select(name => (JsonNode)new JsonObject
            {
                ["name"] = name,
                ["failurePolicy"] = "Fail",
                ["clientConfig"] = new JsonObject { ["service"] = new JsonObject { ["name"] = "webhooks", ["path"] = "/" + name } },
            })]),
        };
    }

    public Replica NewReplica()
    {
        var replica = new Replica(this);
        _replicas.Add(replica);
        return replica;
    }

    /// <summary>The bundles in the API server, one for each webhook.</summary>
    public IReadOnlyList<string> Bundles =>
    [
        .. Api.All(Validating).Concat(Api.All(Mutating))
            .SelectMany(item => item["webhooks"]!.AsArray())
            .Select(webhook => Encoding.UTF8.GetString(Convert.FromBase64String((string?)webhook!["clientConfig"]!["caBundle"] ?? ""))),
    ];

    public JsonObject? Secret => Api.Find(Secrets, "system", "webhook-certificates");

    public string? SecretPart(string name) =>
        (string?)Secret?["data"]?[name] is { } text ? Encoding.UTF8.GetString(Convert.FromBase64String(text)) : null;

    public void ChangeSecret(Action<JsonObject> change)
    {
        var secret = Secret!;
        change(secret["data"]!.AsObject());
        Api.Put(Secrets, "system", "webhook-certificates", secret);
    }

    public static int Count(string bundle) => CertificateIssuer.ReadBundle(bundle).Count;

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
        await Api.DisposeAsync();
    }

    internal sealed class Replica : IAsyncDisposable
    {
        private readonly CertificateFixture _fixture;
        private readonly KubeApi _client;

        public Replica(CertificateFixture fixture)
        {
            _fixture = fixture;
            _client = new(KubeEndpoint.At(fixture.Api.Url));
            Targets =
            [
                new WebhookConfigurationTrust(
                    _client, WebhookConfigurationKind.Validating, Name, "turnpike-ca", NullLoggerFactory.Instance, fixture.Clock),
                new WebhookConfigurationTrust(
                    _client, WebhookConfigurationKind.Mutating, Name, "turnpike-ca", NullLoggerFactory.Instance, fixture.Clock),
            ];
            Certificates = new(_client, fixture.Options, Targets, Server, NullLoggerFactory.Instance, fixture.Clock);
        }

        public IReadOnlyList<ITrustTarget> Targets { get; }

        public ServerCertificate Server { get; } = new();

        public RotatingCertificates Certificates { get; }

        public bool IsReady => Certificates.Readiness.IsReady;

        public string Serial => Server.Current!.SerialNumber;

        public Task<TimeSpan> LookAsync() => Certificates.ReconcileAsync(TestContext.Current.CancellationToken);

        /// <summary>The configuration that an API server would find if it read it now.</summary>
        public bool IsTrusted =>
            _fixture.Bundles.Distinct().All(bundle => CertificateIssuer.Chains(Server.Current!, bundle, _fixture.Clock.GetUtcNow()));

        public async ValueTask DisposeAsync()
        {
            await Certificates.StopAsync(CancellationToken.None);
            Certificates.Dispose();
            _client.Dispose();
        }
    }
}
