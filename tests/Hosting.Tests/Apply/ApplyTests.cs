using System.Text.Json.Nodes;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Apply;

public sealed class ApplyTests : IAsyncLifetime
{
    private const string Collection = "apps/v1/deployments";
    private static readonly ResourceRef Deployments = new("apps", "v1", "deployments", "Deployment");
    private static readonly NamespacedName Key = new("system", "proxy");

    private FakeApi _server = null!;
    private KubeApi _api = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApi.StartAsync();
        _api = new(KubeEndpoint.At(_server.Url));
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Apply_IsByName_ForcedAndUnderItsManager()
    {
        var apply = new ServerSideApply(_api, "turnpike");
        await apply.ApplyAsync(Deployments, Key, Json("""{"spec":{"replicas":2,"cpu":"1000m"}}"""), Cancelled);

        var request = Assert.Single(_server.Requests);
        Assert.Equal(
            (
                "PATCH",
                "/apis/apps/v1/namespaces/system/deployments/proxy",
                "?fieldManager=turnpike&force=true",
                "application/apply-patch+yaml"),
            (request.Method, request.Path, request.Query, request.ContentType));
        var made = _server.Find(Collection, "system", "proxy")!;
        Assert.Equal(("apps/v1", "Deployment"), ((string?)made["apiVersion"], (string?)made["kind"]));
        Assert.Equal("""{"replicas":2,"cpu":"1000m"}""", made["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task Apply_LeavesWhatOthersOwn_AndTakesBackWhatItNoLongerSays()
    {
        var ours = new ServerSideApply(_api, "turnpike");
        var theirs = new ServerSideApply(_api, "autoscaler");
        await ours.ApplyAsync(Deployments, Key, Json("""{"spec":{"image":"a","paused":true}}"""), Cancelled);
        await theirs.ApplyAsync(Deployments, Key, Json("""{"spec":{"replicas":5}}"""), Cancelled);
        await ours.ApplyAsync(Deployments, Key, Json("""{"spec":{"image":"b"}}"""), Cancelled);

        Assert.Equal("""{"image":"b","replicas":5}""", _server.Find(Collection, "system", "proxy")!["spec"]!.ToJsonString());

        var version = _server.ResourceVersion;
        await ours.ApplyAsync(Deployments, Key, Json("""{"spec":{"image":"b"}}"""), Cancelled);
        Assert.Equal(version, _server.ResourceVersion);
    }

    [Theory]
    [InlineData("""{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]},"others":1}""", false)]
    [InlineData("""{"loadBalancer":{"ingress":[{"ip":"1.2.3.5"}]}}""", true)]
    [InlineData("""{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"},{"ip":"1.2.3.5"}]}}""", true)]
    [InlineData("""{}""", true)]
    [InlineData("null", true)]
    public async Task Status_IsWritten_OnlyWhenItDiffers(string current, bool written)
    {
        _server.Put(Collection, "system", "proxy", new() { ["status"] = JsonNode.Parse(current) });
        var writer = new StatusWriter(_api, new(_api, "turnpike"));
        var desired = Json("""{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}""");

        Assert.Equal(written, await writer.WriteAsync(Deployments, Key, desired, null, Cancelled));
        Assert.Equal(
            written,
            _server.Requests.Any(request => request.Method == "PATCH" && request.Path.EndsWith("/status", StringComparison.Ordinal)));
        Assert.Equal("1.2.3.4", (string?)_server.Find(Collection, "system", "proxy")!["status"]!["loadBalancer"]!["ingress"]![0]!["ip"]);

        Assert.False(await writer.WriteAsync(Deployments, Key, desired, null, Cancelled));
    }

    [Fact]
    public async Task Status_IsComparedWhole_SoThatItCanBeEmptied()
    {
        _server.Put(Collection, "system", "proxy", Json("""{"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}}"""));
        var writer = new StatusWriter(_api, new(_api, "turnpike"));

        Assert.True(await writer.WriteAsync(Deployments, Key, Json("""{"loadBalancer":{}}"""), null, Cancelled));
    }

    [Fact]
    public async Task Status_SparesTheRead_WhenItWasObserved()
    {
        var writer = new StatusWriter(_api, new(_api, "turnpike"));
        var observed = System.Text.Json.JsonElement.Parse("""{"ready":1.0}""");
        Assert.False(await writer.WriteAsync(Deployments, Key, Json("""{"ready":1}"""), observed, Cancelled));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Status_OfAnObjectThatIsGone_IsNobodysFault()
    {
        var writer = new StatusWriter(_api, new(_api, "turnpike"));
        Assert.False(await writer.WriteAsync(Deployments, Key, Json("""{"ready":1}"""), null, Cancelled));
        Assert.False(
            await writer.WriteAsync(Deployments, Key, Json("""{"ready":1}"""), System.Text.Json.JsonElement.Parse("{}"), Cancelled));
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
