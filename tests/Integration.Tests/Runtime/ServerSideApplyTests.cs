using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.Kubernetes;
using static Turnpike.Tests.Support.Kubernetes.KubeObjects;

namespace Turnpike.Tests.Integration.Runtime;

/// <summary>Tests what the merge of a real API server makes of our applies: defaults, lists with keys and owners are its own.</summary>
public sealed class ServerSideApplyTests(ApiServerFixture server)
{
    private const string Service =
        """{"metadata":{"labels":{"app":"web"}},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":8080"""
            + ""","protocol":"TCP"}]}}""";

    private readonly ServerSideApply _ours = new(server.Api, "turnpike");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Apply_CreatesTheObject_AndRepeated_ChangesNothing()
    {
        var key = await NewKeyAsync();
        var made = await ApplyAsync(key, Service);
        Assert.Equal(("Service", key.Name), (made.Text("kind"), made.Key().Name));
        Assert.Equal("turnpike", made.At("metadata.managedFields")!.Value[0].Text("manager"));

        Assert.Equal(made.ResourceVersion(), (await ApplyAsync(key, Service)).ResourceVersion());
    }

    [Fact]
    public async Task Drift_OfAFieldOfOurs_IsRepaired()
    {
        var key = await NewKeyAsync();
        await ApplyAsync(key, Service);
        await server.Api.MergeAsync(Kind.Services, key, """{"spec":{"selector":{"app":"other"}}}""", Cancelled);

        // A field that another manager has taken is taken back, not quarrelled over.
        Assert.Equal("web", (await ApplyAsync(key, Service)).TextAt("spec.selector.app"));
        Assert.Equal("web", (await FindAsync(key)).TextAt("spec.selector.app"));
    }

    [Fact]
    public async Task Fields_OfOthers_AreLeftAlone()
    {
        var key = await NewKeyAsync();
        await ApplyAsync(key, Service);
        await server.Api.MergeAsync(
            Kind.Services,
            key,
            """{"metadata":{"annotations":{"note":"mine"},"labels":{"tier":"front"}},"spec":{"sessionAffinity":"ClientIP"}}""",
            Cancelled);

        var after = await ApplyAsync(key, Service.Replace("8080", "8081", StringComparison.Ordinal));
        Assert.Equal(
            ("mine", "ClientIP", "front", "web"),
            (
                after.TextAt("metadata.annotations.note"),
                after.TextAt("spec.sessionAffinity"),
                after.TextAt("metadata.labels.tier"),
                after.TextAt("metadata.labels.app")));
        Assert.Equal("8081", after.At("spec.ports")!.Value[0].TextAt("targetPort"));
    }

    [Fact]
    public async Task Fields_ThatAreNoLongerDesired_Go()
    {
        var key = await NewKeyAsync();
        await ApplyAsync(key, Service.Replace("""{"app":"web"}""", """{"app":"web","old":"yes"}""", StringComparison.Ordinal).Replace(
            "\"ports\":[", "\"ports\":[{\"name\":\"https\",\"port\":443,\"protocol\":\"TCP\"},", StringComparison.Ordinal));

        var after = await ApplyAsync(key, Service);
        Assert.Equal("""{"app":"web"}""", after.At("spec.selector")!.Value.GetRawText());
        Assert.Equal("http", Assert.Single(after.At("spec.ports")!.Value.EnumerateArray()).Text("name"));
    }

    [Fact]
    public async Task Apply_WithoutForce_IsAConflictThatNamesTheOwnerAndTheField()
    {
        var key = await NewKeyAsync();
        await ApplyAsync(key, Service);
        var body = Parse("""{"apiVersion":"v1","kind":"Service","metadata":{"labels":{"app":"other"}}}""");
        var options = new WriteOptions { FieldManager = "another" };

        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() =>
            server.Api.PatchAsync(Kind.Services, key, PatchKind.Apply, body, options, Cancelled));
        Assert.True(refusal.IsConflict);
        var cause = Assert.Single(refusal.Causes);
        Assert.Equal(".metadata.labels.app", cause.Field);
        Assert.Contains("\"turnpike\"", cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replace_OfAnOlderVersion_IsAConflict()
    {
        var key = await NewKeyAsync();
        var old = JsonObject.Create(await ApplyAsync(key, Service))!;
        await server.Api.MergeAsync(Kind.Services, key, """{"metadata":{"labels":{"new":"er"}}}""", Cancelled);

        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() =>
            server.Api.ReplaceAsync(Kind.Services, key, old, WriteOptions.Default, Cancelled));
        Assert.True(refusal.IsConflict);
    }

    [Fact]
    public async Task Status_IsWrittenOnce_AndOnlyWhereItDiffers()
    {
        var key = await NewKeyAsync();
        const string ingress = """{"metadata":{"name":"web"},"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}""";
        await server.Api.CreateAsync(Kind.Ingresses, key.Namespace, Parse(ingress), WriteOptions.Default, Cancelled);
        var writer = new StatusWriter(server.Api, _ours);
        var address = Parse("""{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}""");

        Assert.True(await writer.WriteAsync(Kind.Ingresses, key, address, null, Cancelled));
        Assert.False(await writer.WriteAsync(Kind.Ingresses, key, address, null, Cancelled));
        var written = await server.Api.GetAsync(Kind.Ingresses, key, Cancelled);
        Assert.Equal("192.0.2.7", written.At("status.loadBalancer.ingress")!.Value[0].Text("ip"));
        Assert.Equal(1, written.Generation());

        Assert.True(await writer.WriteAsync(Kind.Ingresses, key, Parse("""{"loadBalancer":{}}"""), null, Cancelled));
        Assert.Null((await server.Api.GetAsync(Kind.Ingresses, key, Cancelled)).At("status.loadBalancer.ingress"));
        Assert.False(await writer.WriteAsync(Kind.Ingresses, key with { Name = "gone" }, address, null, Cancelled));
    }

    private async Task<NamespacedName> NewKeyAsync() => new(await server.CreateNamespaceAsync(Cancelled), "web");

    private Task<JsonElement> ApplyAsync(NamespacedName key, string desired) =>
        _ours.ApplyAsync(Kind.Services, key, Parse(desired), Cancelled);

    private Task<JsonElement> FindAsync(NamespacedName key) => server.Api.GetAsync(Kind.Services, key, Cancelled);
}
