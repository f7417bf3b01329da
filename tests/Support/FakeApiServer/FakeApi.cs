using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Turnpike.Tests.Support.FakeApiServer;

/// <summary>One request as the fake API server received it.</summary>
public sealed record ApiRequest(string Method, string Path, string Query, string ContentType, string Authorization)
{
    public bool IsWatch => Query.Contains("watch=1", StringComparison.Ordinal);
}

/// <summary>The way in which a request is to fail instead of getting a response.</summary>
/// <param name="Message">The message in the response.</param>
/// <param name="Causes">Its single faults, by field.</param>
public sealed record Fault(
    int Code, int? RetryAfter = null, string Message = "a fault was asked for", IReadOnlyDictionary<string, string>? Causes = null);

/// <summary>What a TokenReview says of a token that is valid.</summary>
/// <param name="Pod">That the token is bound to; null where the API server does not tell.</param>
public sealed record FakeToken(string User, string Audience, string? Pod = null);

/// <summary>
/// An API server on loopback that keeps any kind of object: lists in pages, watches with bookmarks and compaction, compare-and-swap,
/// server-side apply. It can be told to misbehave in the ways that real ones do.
/// </summary>
public sealed class FakeApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Store _store = new();
    private readonly ConcurrentQueue<ApiRequest> _requests = new();
    private readonly ConcurrentDictionary<string, (IReadOnlyList<JsonObject> Items, long Version)> _lists = new();
    private readonly Dictionary<string, string?> _served = [];
    private volatile TaskCompletionSource? _hold;
    private int _tokenReviews;

    private FakeApi(X509Certificate2? certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        if (certificate is not null)
            builder.WebHost.UseKestrelHttpsConfiguration();
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public Uri Url => new(_app.Urls.First());

    /// <summary>Called before each request; a fault that it returns becomes the response, and the request is not carried out.</summary>
    public Func<ApiRequest, Fault?>? Faults { get; set; }

    /// <summary>Returns the owner and the audience of a token; null for a token that is not valid.</summary>
    public Func<string, FakeToken?> Tokens { get; set; } = _ => null;

    /// <summary>TokenReviews that were asked for.</summary>
    public int TokenReviews => _tokenReviews;

    public string ServerVersion { get; set; } = "1.35";

    public IReadOnlyList<ApiRequest> Requests => [.. _requests];

    public int OpenWatches => _store.Watchers;

    public string ResourceVersion => _store.Version.ToString(CultureInfo.InvariantCulture);

    public static async Task<FakeApi> StartAsync(X509Certificate2? certificate = null)
    {
        var api = new FakeApi(certificate);
        await api._app.StartAsync();
        return api;
    }

    /// <summary>Fails the next requests that <paramref name="which"/> wants, then is good again.</summary>
    public void FailNext(int count, Fault fault, Func<ApiRequest, bool> which)
    {
        var left = count;
        Faults = request => which(request) && Interlocked.Decrement(ref left) >= 0 ? fault : null;
    }

    /// <summary>Makes discovery name a namespaced kind, given as <c>group/version/plural</c>.</summary>
    public void Serve(string collection, string? kind = null) => _served[collection] = kind;

    public JsonObject Put(string collection, string ns, string name, JsonObject item) =>
        _store.Write(
            collection,
            ns,
            name,
            current =>
            {
                var made = (JsonObject)item.DeepClone();
                if (current is not null && made["metadata"]?["uid"] is null)
                {
                    (made["metadata"] as JsonObject ?? (JsonObject)(made["metadata"] = new JsonObject()))["uid"] = current["metadata"]![
                        "uid"
                    ]!.DeepClone();
                }

                return made;
            });

    public JsonObject? Find(string collection, string ns, string name) => _store.Get(collection, ns, name);

    public IReadOnlyList<JsonObject> All(string collection) => _store.List(collection, "", _ => true).Items;

    public void Remove(string collection, string ns, string name) => _store.Delete(collection, ns, name);

    /// <summary>Forgets the history: a watch from before now, or the next page of a list, gets 410.</summary>
    public void Compact()
    {
        _store.Compact();
        _lists.Clear();
    }

    public void Bookmark() => _store.Bookmark();

    /// <summary>Ends all watches as a server does whose time for them is over.</summary>
    public void EndWatches() => _store.EndWatches(WatchStep.End);

    /// <summary>Breaks all watches' connections.</summary>
    public void AbortWatches() => _store.EndWatches(WatchStep.Abort);

    /// <summary>From now on watches stay open and say nothing, like a connection whose other end is gone.</summary>
    public void HoldWatches() => _hold = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ReleaseWatches() => Interlocked.Exchange(ref _hold, null)?.SetResult();

    public async ValueTask DisposeAsync()
    {
        ReleaseWatches();
        AbortWatches();
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = new ApiRequest(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.QueryString.Value ?? "",
            context.Request.ContentType ?? "",
            context.Request.Headers.Authorization.ToString());
        _requests.Enqueue(request);
        if (Faults?.Invoke(request) is { } fault)
        {
            if (fault.RetryAfter is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            await RefuseAsync(context, fault.Code, "Fault", fault.Message, fault.Causes);
        }
        else if (request.Path == "/version")
        {
            var version = ServerVersion.Split('.');
            await AnswerAsync(context, 200, new() { ["major"] = version[0], ["minor"] = version[1] });
        }
        else if (request is { Method: "POST", Path: "/apis/authentication.k8s.io/v1/tokenreviews" })
        {
            await ReviewTokenAsync(context);
        }
        else if (ResourcePath.Parse(request.Path) is { } path)
        {
            await ServeAsync(context, path);
        }
        else
        {
            await DiscoverAsync(context, request.Path);
        }
    }

    private async Task ReviewTokenAsync(HttpContext context)
    {
        Interlocked.Increment(ref _tokenReviews);
        var review = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        var asked = review["spec"]!["audiences"]!.AsArray().Select(a => (string)a!).ToList();
        review["status"] = Tokens((string)review["spec"]!["token"]!) is { } known && asked.Contains(known.Audience)
            ? new JsonObject { ["authenticated"] = true, ["audiences"] = new JsonArray(known.Audience), ["user"] = UserOf(known) }
            : new JsonObject { ["error"] = "the token is not valid" };
        await AnswerAsync(context, 201, review);
    }

    private static JsonObject UserOf(FakeToken token)
    {
        var user = new JsonObject { ["username"] = token.User };
        if (token.Pod is not null)
            user["extra"] = new JsonObject { ["authentication.kubernetes.io/pod-name"] = new JsonArray(token.Pod) };
        return user;
    }

    private Task DiscoverAsync(HttpContext context, string path)
    {
        var prefix = path.Trim('/').Split('/', 2)[^1] + "/";
        var found = _served.Where(served => served.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        if (found.Count == 0)
            return RefuseAsync(context, 404, "NotFound", "the server could not find the requested resource");
        var resources = found.Select(served => (JsonNode)new JsonObject
        {
            ["name"] = served.Key[prefix.Length..],
            ["kind"] = served.Value,
            ["namespaced"] = true,
        });
        return AnswerAsync(context, 200, new() { ["kind"] = "APIResourceList", ["resources"] = new JsonArray([.. resources]) });
    }

    private async Task ServeAsync(HttpContext context, ResourcePath path)
    {
        var body = context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0
            ? (await JsonNode.ParseAsync(context.Request.Body))!.AsObject()
            : [];
        try
        {
            var answer = (context.Request.Method, path.Name) switch
            {
                ("GET", null) when context.Request.Query["watch"] == "1" => WatchAsync(context, path),
                ("GET", null) => ListAsync(context, path),
                ("GET", _) => AnswerAsync(context, 200, Existing(path)),
                ("POST", null) => AnswerAsync(context, 201, Create(context, path, body)),
                ("PUT", not null) => AnswerAsync(context, 200, Replace(path, body)),
                ("PATCH", not null) => PatchAsync(context, path, body),
                ("DELETE", not null) => AnswerAsync(context, 200, DeleteOne(path, body)),
                _ => throw new Refusal(405, "MethodNotAllowed", "the server does not allow this method"),
            };
            await answer;
        }
        catch (Refusal refusal)
        {
            await RefuseAsync(context, refusal.Code, refusal.Reason, refusal.Message);
        }
    }

    private JsonObject Existing(ResourcePath path) =>
        _store.Get(path.Collection, path.Namespace, path.Name!)
        ?? throw new Refusal(404, "NotFound", $"{path.Plural} \"{path.Name}\" not found");

    private JsonObject Create(HttpContext context, ResourcePath path, JsonObject body)
    {
        var name = (string?)body["metadata"]?["name"] ?? throw new Refusal(422, "Invalid", "metadata.name: Required value");
        var dryRun = context.Request.Query["dryRun"] == "All";
        if (dryRun)
            return body;
        return _store.Write(path.Collection, path.Namespace, name, current => current is null
            ? body
            : throw new Refusal(409, "AlreadyExists", $"{path.Plural} \"{name}\" already exists"));
    }

    private JsonObject Replace(ResourcePath path, JsonObject body) =>
        _store.Write(path.Collection, path.Namespace, path.Name!, current =>
        {
            if (current is null)
                throw new Refusal(404, "NotFound", $"{path.Plural} \"{path.Name}\" not found");
            var stated = body["metadata"]?["resourceVersion"];
            if (stated is not null && !JsonNode.DeepEquals(stated, current["metadata"]!["resourceVersion"]))
                throw new Refusal(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
            return body;
        });

    private Task PatchAsync(HttpContext context, ResourcePath path, JsonObject body)
    {
        switch (context.Request.ContentType)
        {
            case "application/apply-patch+yaml":
                if (context.Request.Query["fieldManager"].Count == 0)
                    throw new Refusal(422, "Invalid", "fieldManager: Required value: is required for apply patch");
                if (path.Subresource is not null)
                    Existing(path);
                var code = _store.Get(path.Collection, path.Namespace, path.Name!) is null ? 201 : 200;
                var manager = context.Request.Query["fieldManager"] + "/" + path.Subresource;
                return AnswerAsync(context, code, _store.Apply(path.Collection, path.Namespace, path.Name!, manager, body));
            case "application/merge-patch+json":
                Existing(path);
                return AnswerAsync(context, 200, _store.Write(path.Collection, path.Namespace, path.Name!, current =>
                {
                    ServerSideMerge.Merge(current!, body);
                    return current!;
                }));
            default:
                throw new Refusal(415, "UnsupportedMediaType", $"cannot patch with {context.Request.ContentType}");
        }
    }

    private JsonObject DeleteOne(ResourcePath path, JsonObject body)
    {
        var current = Existing(path);
        if (body["preconditions"]?["uid"] is { } uid && !JsonNode.DeepEquals(uid, current["metadata"]!["uid"]))
            throw new Refusal(409, "Conflict", "the uid in the precondition does not match");
        _store.Delete(path.Collection, path.Namespace, path.Name!);
        return new() { ["kind"] = "Status", ["status"] = "Success" };
    }

    /// <summary>All pages of a list show one moment: the continue token says which, as long as the server remembers it.</summary>
    private Task ListAsync(HttpContext context, ResourcePath path)
    {
        var token = context.Request.Query["continue"].ToString().Split(':');
        var skip = token.Length == 2 ? int.Parse(token[1], CultureInfo.InvariantCulture) : 0;
        if (!_lists.TryGetValue(token[0], out var list))
        {
            if (token.Length == 2)
                throw new Refusal(410, "Expired", "the provided continue parameter is too old");
            list = _store.List(path.Collection, path.Namespace, Selected(context));
        }

        var limit = int.Parse(context.Request.Query["limit"].FirstOrDefault() ?? "500", CultureInfo.InvariantCulture);
        var end = Math.Min(skip + limit, list.Items.Count);
        var next = "";
        if (end < list.Items.Count)
        {
            var id = token.Length == 2 ? token[0] : Guid.NewGuid().ToString("N");
            _lists[id] = list;
            next = string.Create(CultureInfo.InvariantCulture, $"{id}:{end}");
        }

        return AnswerAsync(context, 200, new()
        {
            ["kind"] = "List",
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = list.Version.ToString(CultureInfo.InvariantCulture),
                ["continue"] = next,
            },
            ["items"] = new JsonArray([.. list.Items.Skip(skip).Take(limit).Select(item => item.DeepClone())]),
        });
    }

    private async Task WatchAsync(HttpContext context, ResourcePath path)
    {
        var since = long.Parse(context.Request.Query["resourceVersion"].ToString(), CultureInfo.InvariantCulture);
        var watcher = _store.Watch(path.Collection, path.Namespace, since, Selected(context));
        context.Response.ContentType = "application/json";
        if (watcher is null)
        {
            await context.Response.WriteAsync(
                """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}""" + "\n"
            );
            return;
        }

        try
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await foreach (var (step, line) in watcher.Steps.ReadAllAsync(context.RequestAborted))
            {
                if (_hold is { } hold)
                    await hold.Task.WaitAsync(context.RequestAborted);
                if (step == WatchStep.Abort)
                    context.Abort();
                if (step != WatchStep.Line)
                    return;
                await context.Response.WriteAsync(line + "\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        finally
        {
            _store.Forget(watcher);
        }
    }

    private static Func<JsonObject, bool> Selected(HttpContext context)
    {
        var field = context.Request.Query["fieldSelector"].ToString().Split('=');
        var label = context.Request.Query["labelSelector"].ToString().Split('=');
        return item =>
            (field.Length < 2 || field[^1] == (string?)(field[0] == "metadata.name" ? item["metadata"]?["name"] : item[field[0]]))
            && (label.Length < 2 || (string?)item["metadata"]?["labels"]?[label[0]] == label[^1]);
    }

    private static Task RefuseAsync(
        HttpContext context, int code, string reason, string message, IReadOnlyDictionary<string, string>? causes = null)
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["status"] = "Failure",
            ["code"] = code,
            ["reason"] = reason,
            ["message"] = message,
        };
        if (causes is not null)
        {
            var list = causes.Select(cause => (JsonNode)new JsonObject { ["field"] = cause.Key, ["message"] = cause.Value });
            status["details"] = new JsonObject { ["causes"] = new JsonArray([.. list]) };
        }

        return AnswerAsync(context, code, status);
    }

    private static async Task AnswerAsync(HttpContext context, int code, JsonObject body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private sealed class Refusal(int code, string reason, string message) : Exception(message)
    {
        public int Code => code;

        public string Reason => reason;
    }
}
