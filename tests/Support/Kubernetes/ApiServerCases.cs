using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Tests.Support.Kubernetes;

/// <summary>
/// What the tests count on of an API server. The fake one and a real one run the same cases, so the fake does what the real one does
/// wherever a test looks.
/// </summary>
public abstract class ApiServerCases
{
    private const string Merge = "application/merge-patch+json";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>The server, by a client that may do everything.</summary>
    protected abstract KubeApi Server { get; }

    /// <summary>A namespace of this test's own.</summary>
    protected abstract string Namespace { get; }

    private string Collection => $"api/v1/namespaces/{Namespace}/configmaps";

    [Fact]
    public async Task MissingObject_IsNotFound()
    {
        await AssertRefusedAsync(404, "NotFound", HttpMethod.Get, $"{Collection}/a");
        await AssertRefusedAsync(404, "NotFound", HttpMethod.Put, $"{Collection}/a", Map("a"));
        await AssertRefusedAsync(404, "NotFound", HttpMethod.Patch, $"{Collection}/a", """{"data":{"x":"1"}}""", Merge);
        await AssertRefusedAsync(404, "NotFound", HttpMethod.Delete, $"{Collection}/a");
    }

    [Fact]
    public async Task Create_StampsTheObject_Once()
    {
        var made = await SendAsync(201, HttpMethod.Post, Collection, Map("a", x: "1"));
        var found = await SendAsync(200, HttpMethod.Get, $"{Collection}/a");
        Assert.Equal(("a", Namespace, "1"), (Meta(found, "name"), Meta(found, "namespace"), (string?)found["data"]!["x"]));
        Assert.Equal((Meta(made, "uid"), Meta(made, "resourceVersion")), (Meta(found, "uid"), Meta(found, "resourceVersion")));
        Assert.NotEmpty(Meta(found, "uid"));
        await AssertRefusedAsync(409, "AlreadyExists", HttpMethod.Post, Collection, Map("a"));
        await AssertRefusedAsync(422, "Invalid", HttpMethod.Post, Collection, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}""");
    }

    [Fact]
    public async Task DryRun_KeepsNothing()
    {
        await SendAsync(201, HttpMethod.Post, $"{Collection}?dryRun=All", Map("a"));
        await AssertRefusedAsync(404, "NotFound", HttpMethod.Get, $"{Collection}/a");
    }

    [Fact]
    public async Task Replace_ComparesTheVersion()
    {
        var first = Meta(await SendAsync(201, HttpMethod.Post, Collection, Map("a", x: "1")), "resourceVersion");
        var second = Meta(await SendAsync(200, HttpMethod.Put, $"{Collection}/a", Map("a", x: "2", version: first)), "resourceVersion");
        Assert.NotEqual(first, second);
        await AssertRefusedAsync(409, "Conflict", HttpMethod.Put, $"{Collection}/a", Map("a", x: "3", version: first));
        Assert.Equal("2", (string?)(await SendAsync(200, HttpMethod.Get, $"{Collection}/a"))["data"]!["x"]);
        // A PUT without a resourceVersion overwrites.
        await SendAsync(200, HttpMethod.Put, $"{Collection}/a", Map("a", x: "4"));
    }

    [Fact]
    public async Task ReplaceByTheSame_IsNoNewVersion()
    {
        var made = await SendAsync(201, HttpMethod.Post, Collection, Map("a", x: "1"));
        var again = await SendAsync(200, HttpMethod.Put, $"{Collection}/a", Map("a", x: "1"));
        Assert.Equal(Meta(made, "resourceVersion"), Meta(again, "resourceVersion"));
        Assert.Equal(Meta(made, "uid"), Meta(again, "uid"));
    }

    [Fact]
    public async Task MergePatch_SetsAndRemoves()
    {
        await SendAsync(201, HttpMethod.Post, Collection, Map("a", x: "1"));
        var patched = await MergeAsync("""{"data":{"y":"2"},"metadata":{"labels":{"tier":"front"}}}""");
        Assert.Equal("""{"x":"1","y":"2"}""", patched["data"]!.ToJsonString());
        Assert.Equal("front", (string?)patched["metadata"]!["labels"]!["tier"]);
        Assert.Equal("""{"y":"2"}""", (await MergeAsync("""{"data":{"x":null}}"""))["data"]!.ToJsonString());
        await AssertRefusedAsync(415, "UnsupportedMediaType", HttpMethod.Patch, $"{Collection}/a", "{}", "text/plain");
    }

    [Fact]
    public async Task Apply_CreatesAndChanges_AndRepeatedDoesNothing()
    {
        var made = await ApplyAsync(201, "one", """{"x":"1","y":"1"}""");
        var same = await ApplyAsync(200, "one", """{"x":"1","y":"1"}""");
        Assert.Equal(Meta(made, "resourceVersion"), Meta(same, "resourceVersion"));
        Assert.Equal("""{"x":"2"}""", (await ApplyAsync(200, "one", """{"x":"2"}"""))["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Apply_LeavesTheFieldsOfOthers()
    {
        await ApplyAsync(201, "one", """{"x":"1","both":"1"}""");
        await ApplyAsync(200, "two", """{"y":"1","both":"1"}""");
        // A field that another manager applies too stays when one of them drops it.
        Assert.Equal(["both", "y"], Keys((await ApplyAsync(200, "one", "{}"))["data"]!));
        Assert.Equal(["both"], Keys((await ApplyAsync(200, "two", """{"both":"1"}"""))["data"]!));
    }

    [Fact]
    public Task Apply_NeedsItsManager() => AssertRefusedAsync(
        422, "Invalid", HttpMethod.Patch, $"{Collection}/a", Map("a"), "application/apply-patch+yaml");

    [Fact]
    public async Task Delete_ComparesTheUid()
    {
        var uid = Meta(await SendAsync(201, HttpMethod.Post, Collection, Map("a")), "uid");
        await AssertRefusedAsync(409, "Conflict", HttpMethod.Delete, $"{Collection}/a", Options("00000000-0000-0000-0000-000000000000"));
        await SendAsync(200, HttpMethod.Delete, $"{Collection}/a", Options(uid));
        await AssertRefusedAsync(404, "NotFound", HttpMethod.Get, $"{Collection}/a");

        static string Options(string uid) =>
            $$"""{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"{{uid}}"} }""";
    }

    [Fact]
    public async Task List_ComesInPages_OfOneMoment()
    {
        await MakeAsync("a", "b", "c");
        var query = $"{Collection}?labelSelector=case%3Dlist&limit=2";
        var first = await SendAsync(200, HttpMethod.Get, query);
        await SendAsync(200, HttpMethod.Delete, $"{Collection}/c");
        var rest = await SendAsync(200, HttpMethod.Get, $"{query}&continue={Uri.EscapeDataString(Meta(first, "continue"))}");
        Assert.Equal(["a", "b"], Names(first));
        Assert.Equal(["c"], Names(rest));
        Assert.Equal(Meta(first, "resourceVersion"), Meta(rest, "resourceVersion"));
        Assert.Equal("", Meta(rest, "continue"));
    }

    [Fact]
    public async Task List_IsSelected_ByLabelAndName()
    {
        await MakeAsync("a", "b");
        await SendAsync(201, HttpMethod.Post, Collection, Map("d"));
        Assert.Equal(["a", "b"], Names(await SendAsync(200, HttpMethod.Get, $"{Collection}?labelSelector=case%3Dlist")));
        Assert.Equal(["b"], Names(await SendAsync(200, HttpMethod.Get, $"{Collection}?fieldSelector=metadata.name%3Db")));
    }

    [Fact]
    public async Task Watch_ShowsEveryChange_InOrder()
    {
        var since = Meta(await SendAsync(200, HttpMethod.Get, Collection), "resourceVersion");
        await MakeAsync("a");
        await MergeAsync("""{"data":{"x":"2"}}""");
        await SendAsync(200, HttpMethod.Delete, $"{Collection}/a");

        var seen = await WatchAsync($"resourceVersion={since}&fieldSelector=metadata.name%3Da", 3);

        Assert.Equal(["ADDED", "MODIFIED", "DELETED"], seen.Select(e => (string?)e["type"]));
        var versions = seen.Select(e => Meta(e["object"]!.AsObject(), "resourceVersion")).ToList();
        Assert.Equal(3, versions.Distinct().Count());
        Assert.Equal("2", (string?)seen[2]["object"]!["data"]!["x"]);
    }

    /// <summary>For a watch with a selector, an object is there as long as the selector matches it.</summary>
    [Fact]
    public async Task SelectedWatch_SeesObjectsComeAndGo()
    {
        var since = Meta(await SendAsync(200, HttpMethod.Get, Collection), "resourceVersion");
        await SendAsync(201, HttpMethod.Post, Collection, Map("a"));
        await MergeAsync("""{"metadata":{"labels":{"case":"list"}}}""");
        await MergeAsync("""{"data":{"x":"2"}}""");
        await MergeAsync("""{"metadata":{"labels":null}}""");

        var seen = await WatchAsync($"resourceVersion={since}&labelSelector=case%3Dlist", 3);

        Assert.Equal(["ADDED", "MODIFIED", "DELETED"], seen.Select(e => (string?)e["type"]));
    }

    [Fact]
    public async Task ForgedToken_IsNobodys()
    {
        var review = await SendAsync(201, HttpMethod.Post, "apis/authentication.k8s.io/v1/tokenreviews", """
            {"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"forged","audiences":["turnpike"]}}
            """);
        Assert.NotEqual("true", review["status"]!["authenticated"]?.ToJsonString());
    }

    private static string Map(string name, string? x = null, string? version = null) => new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["resourceVersion"] = version },
        ["data"] = x is null ? [] : new JsonObject { ["x"] = x },
    }.ToJsonString();

    private static string Meta(JsonObject item, string name) => (string?)item["metadata"]![name] ?? "";

    private static string[] Names(JsonObject list) =>
        [.. list["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Keys(JsonNode map) => map.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal);

    private async Task MakeAsync(params string[] names)
    {
        foreach (var name in names)
        {
            await SendAsync(201, HttpMethod.Post, Collection, $$"""
                {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}","labels":{"case":"list"} } }
                """);
        }
    }

    private Task<JsonObject> MergeAsync(string patch) =>
        SendAsync(200, HttpMethod.Patch, $"{Collection}/a", patch, Merge);

    private Task<JsonObject> ApplyAsync(int code, string manager, string data) => SendAsync(
        code,
        HttpMethod.Patch,
        $"{Collection}/a?fieldManager={manager}&force=true",
        $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{{data}}}""",
        "application/apply-patch+yaml");

    private async Task<IReadOnlyList<JsonObject>> WatchAsync(string query, int count)
    {
        // The server ends the watch, so that what it does not say is seen too.
        using var response = await Server.SendAsync(
            HttpMethod.Get, $"{Collection}?watch=1&timeoutSeconds=20&{query}", null, Cancelled);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        var seen = new List<JsonObject>();
        while (seen.Count < count && await reader.ReadLineAsync(Cancelled).AsTask().WaitAsync(Wait.Limit, Cancelled) is { } line)
            seen.Add(JsonNode.Parse(line)!.AsObject());
        return seen;
    }

    private async Task<JsonObject> SendAsync(
        int code, HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var response = await Server.SendAsync(method, path, content, Cancelled);
        Assert.Equal((HttpStatusCode)code, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!.AsObject();
    }

    private async Task AssertRefusedAsync(
        int code, string reason, HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() => SendAsync(0, method, path, body, type));
        Assert.Equal((code, reason), (refusal.Code, refusal.Reason));
    }
}
