using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace Turnpike.Hosting.Client;

/// <summary>
/// A client of the API server in raw JSON: no field of a response is dropped, and no field of a request is rewritten. A refusal of the API
/// server is a <see cref="KubeStatusException"/>. A request without a response is an <see cref="HttpRequestException"/>, an
/// <see cref="IOException"/> or a <see cref="TimeoutException"/>.
/// </summary>
public sealed class KubeApi(KubeEndpoint endpoint, TimeProvider? clock = null) : IDisposable
{
    private const int LongestErrorBody = 64 * 1024;
    private static readonly Version Http11 = new(1, 1);
    private static readonly Version Http2 = new(2, 0);

    private readonly Kubernetes _client = endpoint.Open();
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private volatile bool _isDisposed;

    /// <summary>The longest time that one request may take. Watches are not bound by it.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The namespace of the pod or of the kubeconfig's context.</summary>
    public string? Namespace => endpoint.Namespace;

    public Task<JsonElement> GetAsync(ResourceRef resource, NamespacedName key, CancellationToken ct) =>
        RequestAsync(HttpMethod.Get, resource.PathOf(key), null, ct);

    /// <summary>Returns the object, or null when there is none.</summary>
    public async Task<JsonElement?> FindAsync(ResourceRef resource, NamespacedName key, CancellationToken ct)
    {
        try
        {
            return await GetAsync(resource, key, ct);
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// Lists all pages. Each object is decoded while its page is in memory, so the <see cref="JsonElement"/> passed to
    /// <paramref name="decode"/> is not valid after it returns.
    /// </summary>
    public async Task<ResourceList<T>> ListAsync<T>(
        ResourceRef resource, ResourceQuery query, Func<JsonElement, T> decode, CancellationToken ct)
    {
        var items = new List<T>();
        string? next = null;
        while (true)
        {
            var path = $"{resource.PathOf(query.Namespace)}?limit={query.PageSize}{query.Selectors()}"
                + (next is null ? "" : "&continue=" + Uri.EscapeDataString(next));
            using var page = await WithTimeout(token => ReadDocumentAsync(path, token), ct);
            var root = page.RootElement;
            if (root.Child("items") is { ValueKind: JsonValueKind.Array } list)
            {
                foreach (var item in list.EnumerateArray())
                    items.Add(decode(item));
            }

            next = root.Child("metadata")?.Text("continue");
            if (string.IsNullOrEmpty(next))
                return new(items, root.ResourceVersion());
        }
    }

    public Task<JsonElement> CreateAsync(ResourceRef resource, string ns, JsonNode body, WriteOptions options, CancellationToken ct) =>
        RequestAsync(HttpMethod.Post, resource.PathOf(ns) + options.Query(), Json(body), ct);

    /// <summary>
    /// Writes the whole object. When it has a <c>metadata.resourceVersion</c>, the write is refused if the object has changed since.
    /// </summary>
    public Task<JsonElement> ReplaceAsync(
        ResourceRef resource, NamespacedName key, JsonNode body, WriteOptions options, CancellationToken ct) =>
        RequestAsync(HttpMethod.Put, resource.PathOf(key, options.Subresource) + options.Query(), Json(body), ct);

    public Task<JsonElement> PatchAsync(
        ResourceRef resource, NamespacedName key, PatchKind kind, JsonNode patch, WriteOptions options, CancellationToken ct)
    {
        var type = kind switch
        {
            PatchKind.Json => "application/json-patch+json",
            PatchKind.Merge => "application/merge-patch+json",
            PatchKind.Apply => "application/apply-patch+yaml",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        return RequestAsync(HttpMethod.Patch, resource.PathOf(key, options.Subresource) + options.Query(), Json(patch, type), ct);
    }

    /// <summary>Deletes the object, and in the background what it owns. Returns false when the object does not exist.</summary>
    /// <param name="uid">When given, only the object with this uid is deleted, not a later one of the same name.</param>
    public async Task<bool> DeleteAsync(ResourceRef resource, NamespacedName key, string? uid, CancellationToken ct)
    {
        var body = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = "Background" };
        if (uid is not null)
            body["preconditions"] = new JsonObject { ["uid"] = uid };
        try
        {
            await RequestAsync(HttpMethod.Delete, resource.PathOf(key), Json(body), ct);
            return true;
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Returns whether the API server serves this kind in this version.</summary>
    public async Task<bool> ServesAsync(ResourceRef resource, CancellationToken ct)
    {
        try
        {
            var found = await RequestAsync(HttpMethod.Get, resource.GroupPath, null, ct);
            return found.Child("resources") is { ValueKind: JsonValueKind.Array } list
                && list.EnumerateArray().Any(known => known.Text("name") == resource.Plural);
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Returns the API server's version of Kubernetes, without a vendor's suffix (<c>27+</c>).</summary>
    public async Task<Version> GetServerVersionAsync(CancellationToken ct)
    {
        var info = await RequestAsync(HttpMethod.Get, "version", null, ct);
        return new(Number("major"), Number("minor"));

        int Number(string name) =>
            int.TryParse((info.Text(name) ?? "").TrimEnd('+'), out var number)
                ? number
                : throw new JsonException($"version.{name}: \"{info.Text(name)}\" is not a number");
    }

    /// <summary>Sends any request whose response is one JSON document.</summary>
    public Task<JsonElement> RequestAsync(HttpMethod method, string path, HttpContent? content, CancellationToken ct) =>
        WithTimeout(async token =>
        {
            using var response = await SendAsync(method, path, content, token);
            return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(token));
        }, ct);

    /// <summary>
    /// Sends a request with the endpoint's credentials and returns after the response headers, so that the body can be read as it arrives.
    /// There is no deadline other than the caller's.
    /// </summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var request = new HttpRequestMessage(method, new Uri(_client.BaseUri, path))
        {
            Content = content,
            Version = endpoint.AllowsHttp2 ? Http2 : Http11,
        };
        request.Headers.Host = endpoint.ServerName;
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Application.Json));
        if (_client.Credentials is { } credentials)
            await credentials.ProcessHttpRequestAsync(request, ct);

        var response = await MeasureAsync(request, ct);
        if (response.IsSuccessStatusCode)
            return response;

        using (response)
        {
            var body = await ReadErrorAsync(response, ct);
            throw KubeStatusException.From((int)response.StatusCode, body, response.Headers.RetryAfter, _clock.GetUtcNow());
        }
    }

    private async Task<HttpResponseMessage> MeasureAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var started = _clock.GetTimestamp();
        var code = 0;
        try
        {
            var response = await _client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            code = (int)response.StatusCode;
            return response;
        }
        finally
        {
            var tags = new TagList { { "method", request.Method.Method }, { "code", code } };
            Telemetry.Requests.Record(_clock.GetElapsedTime(started).TotalSeconds, tags);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _client.Dispose();
    }

    private static ByteArrayContent Json(JsonNode body, string type = MediaTypeNames.Application.Json)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
            body.WriteTo(writer);
        return new(buffer.ToArray()) { Headers = { ContentType = new(type) } };
    }

    private static async Task<string> ReadErrorAsync(HttpResponseMessage response, CancellationToken ct)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        var buffer = new char[LongestErrorBody];
        var length = await reader.ReadBlockAsync(buffer, ct);
        return new(buffer, 0, length);
    }

    private async Task<JsonDocument> ReadDocumentAsync(string path, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, ct);
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        return await JsonDocument.ParseAsync(body, cancellationToken: ct);
    }

    private async Task<T> WithTimeout<T>(Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(RequestTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new TimeoutException($"no response from the API server within {RequestTimeout.TotalSeconds:0} s");
        }
    }
}

/// <summary>A consistent list: every object as it was at <see cref="ResourceVersion"/>, from which a watch continues.</summary>
public sealed record ResourceList<T>(IReadOnlyList<T> Items, string ResourceVersion);
