using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Admission;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.Admission;

public sealed class AdmissionTests : IAsyncDisposable
{
    private const string Review = """
        {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
          "uid":"u-1","operation":"CREATE","namespace":"shop","dryRun":true,
          "kind":{"group":"apps","version":"v1","kind":"Deployment"},
          "resource":{"group":"apps","version":"v1","resource":"deployments"},
          "userInfo":{"username":"jane"},
          "object":{"metadata":{"generateName":"web-"},"future":{"deep":[1]}},"oldObject":null}}
        """;

    private readonly FakeTimeProvider _clock = new();
    private readonly List<AdmissionObservation> _observed = [];
    private WebApplication? _app;
    private HttpClient? _client;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("admission.k8s.io/v1")]
    [InlineData("admission.k8s.io/v1beta1")]
    public async Task Request_IsRead_AndItsUidAnswered(string apiVersion)
    {
        AdmissionRequest? seen = null;
        string? future = null;
        await StartAsync((request, _) =>
        {
            seen = request;
            future = request.Object!.Value.GetProperty("future").GetRawText();
            return new(AdmissionResponse.Allowed());
        });

        var (status, answer) = await PostAsync(Review.Replace("admission.k8s.io/v1", apiVersion, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($$$"""{"apiVersion":"{{{apiVersion}}}","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}}""", answer);
        Assert.Equal(
            ("u-1", AdmissionOperation.Create, "shop", "", true, "jane"),
            (seen!.Uid, seen.Operation, seen.Namespace, seen.Name, seen.DryRun, seen.UserName));
        Assert.Equal((new("apps", "v1", "Deployment"), new("apps", "v1", "deployments")), (seen.Kind, seen.Resource));
        Assert.Null(seen.OldObject);
        Assert.Equal("""{"deep":[1]}""", future);
        Assert.Equal(AdmissionResult.Allowed, Assert.Single(_observed).Result);
    }

    [Fact]
    public async Task Denial_SaysWhy()
    {
        await StartAsync(
            (_, _) => new(AdmissionResponse.Denied("spec.x: Invalid value: 3: must be 4", 422, "Invalid").With("and by the way")));
        var response = await AnswerAsync();

        Assert.Equal(
            """{"status":"Failure","message":"spec.x: Invalid value: 3: must be 4","reason":"Invalid","code":422}""",
            response["status"]!.ToJsonString());
        Assert.Equal(("False", "and by the way"), (response["allowed"]!.GetValue<bool>().ToString(), (string?)response["warnings"]![0]));
        Assert.Equal(AdmissionResult.Denied, Assert.Single(_observed).Result);
    }

    [Fact]
    public async Task Patch_TravelsAsItIs()
    {
        var patch = """[{"op":"add","path":"/spec","value":"ü"}]"""u8.ToArray();
        await StartAsync((_, _) => new(AdmissionResponse.Patched(patch)));
        var response = await AnswerAsync();

        Assert.Equal("JSONPatch", (string?)response["patchType"]);
        Assert.Equal(patch, Convert.FromBase64String((string)response["patch"]!));
        Assert.Equal(AdmissionResult.Patched, Assert.Single(_observed).Result);
    }

    [Fact]
    public async Task Warnings_AreMadeFitForTheirHeader()
    {
        await StartAsync((_, _) => new(AdmissionResponse.Allowed().With("two\n  lines", new string('x', 300))));
        var warnings = (await AnswerAsync())["warnings"]!.AsArray();

        Assert.Equal("two lines", (string?)warnings[0]);
        Assert.Equal(256, ((string)warnings[1]!).Length);
    }

    [Theory]
    [InlineData(AdmissionFailure.Deny, false)]
    [InlineData(AdmissionFailure.AllowWithWarning, true)]
    public async Task HandlerThatThrows_IsAnsweredByPolicy(AdmissionFailure policy, bool allowed)
    {
        await StartAsync((_, _) => throw new InvalidOperationException("boom"), policy);
        var response = await AnswerAsync();

        Assert.Equal(allowed, (bool)response["allowed"]!);
        Assert.Equal("u-1", (string?)response["uid"]);
        if (allowed)
            Assert.Equal("the check at /check failed and was skipped; see the log of the operator", (string?)response["warnings"]![0]);
        else
            Assert.Equal(503, (int)response["status"]!["code"]!);
        Assert.DoesNotContain("boom", response.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(AdmissionResult.Failed, Assert.Single(_observed).Result);
    }

    [Fact]
    public async Task HandlerThatTakesTooLong_IsAnsweredBeforeTheServerGivesUp()
    {
        var entered = new TaskCompletionSource();
        await StartAsync(async (_, ct) =>
        {
            entered.SetResult();
            await Wait.Forever(ct);
            return AdmissionResponse.Allowed();
        });

        var call = PostAsync(Review, query: "?timeout=5s");
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        _clock.Advance(TimeSpan.FromSeconds(4.6));

        var (status, answer) = await call;
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("the check at /check took too long", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the body is not JSON")]
    [InlineData("{", "the body is not JSON")]
    [InlineData("[]", "not an AdmissionReview")]
    [InlineData("""{"apiVersion":"v1","kind":"Pod"}""", "not an AdmissionReview of admission.k8s.io/v1 or v1beta1 but \"v1\" \"Pod\"")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v2","kind":"AdmissionReview"}""", "not an AdmissionReview")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}""", "request: required")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":7}""", "request.uid: required")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u"}}""", "request.operation: required")]
    [InlineData(
        """{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"EAT"}}""",
        "\"EAT\" is not CREATE")]
    [InlineData(
        """{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE"}}""",
        "request.kind: required")]
    public async Task Malformed_IsABadRequest(string body, string message)
    {
        await StartAsync((_, _) => throw new InvalidOperationException("must not be called"));
        var (status, answer) = await PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(message, answer, StringComparison.Ordinal);
        Assert.Equal(AdmissionResult.Malformed, Assert.Single(_observed).Result);
    }

    [Theory]
    [InlineData("text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=utf-8", HttpStatusCode.OK)]
    public async Task ContentType_MustBeJson(string type, HttpStatusCode expected)
    {
        await StartAsync((_, _) => new(AdmissionResponse.Allowed()));
        Assert.Equal(expected, (await PostAsync(Review, type)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_ThatIsTooLarge_IsRefused(bool chunked)
    {
        await StartAsync((_, _) => new(AdmissionResponse.Allowed()));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Padded(4 * 1024 * 1024), chunked: chunked)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(Padded(4 * 1024 * 1024 + 1), chunked: chunked)).Status);

        static string Padded(int length) => Review.PadRight(length);
    }

    [Fact]
    public async Task OtherMethods_AreNotAllowed()
    {
        await StartAsync((_, _) => new(AdmissionResponse.Allowed()));
        using var response = await _client!.GetAsync(new Uri("/check", UriKind.Relative), Cancelled);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    private async Task StartAsync(AdmissionHandler handler, AdmissionFailure policy = AdmissionFailure.Deny)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_clock).AddAdmission();
        _app = builder.Build();
        _app.MapAdmission("/check", handler, new() { OnFailure = policy, Observed = _observed.Add });
        await _app.StartAsync(Cancelled);
        _client = new() { BaseAddress = new(_app.Urls.First()) };
    }

    private async Task<JsonNode> AnswerAsync()
    {
        var (status, answer) = await PostAsync(Review);
        Assert.Equal(HttpStatusCode.OK, status);
        await Wait.Until(() => _observed.Count == 1, "the observation");
        return JsonNode.Parse(answer)!["response"]!;
    }

    private async Task<(HttpStatusCode Status, string Answer)> PostAsync(
        string body, string type = "application/json", string query = "", bool chunked = false)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/check" + query) { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await _client!.SendAsync(request, Cancelled);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }
}
