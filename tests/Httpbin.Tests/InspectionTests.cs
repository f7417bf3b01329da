using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Samples.Httpbin;

namespace Turnpike.Tests.Httpbin;

public sealed class InspectionTests(HttpbinFixture httpbin) : IClassFixture<HttpbinFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Headers_AreBytewiseWhatFlaskPrints()
    {
        var answer = await ExchangeAsync(
            "GET /headers HTTP/1.1\r\nhost: bin\r\nx-request-id: 1\r\nX-ENVOY-Expected-rq-timeout-ms: 15000\r\nx-b3-traceid: ü\r\n"
            + "accept: a\r\naccept: b\r\nx-forwarded-for: 9.9.9.9\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");

        Assert.EndsWith(
            """
            {
              "headers": {
                "Accept": "a,b", 
                "Connection": "close", 
                "Content-Length": "0", 
                "Host": "bin", 
                "X-B3-Traceid": "\u00fc", 
                "X-Envoy-Expected-Rq-Timeout-Ms": "15000", 
                "X-Request-Id": "1"
              }
            }

            """,
            answer,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Proto")]
    [InlineData("X-Real-Ip")]
    public async Task Headers_HideTheInfrastructure_UnlessShowEnv(string name)
    {
        Assert.Null((await httpbin.GetAsync("/headers", (name, "1")))["headers"]![name]);
        Assert.Equal("1", (string?)(await httpbin.GetAsync("/headers?show_env=1", (name, "1")))["headers"]![name]);
    }

    [Fact]
    public async Task Ip_IsThePeer_OrWhatXForwardedForSays()
    {
        Assert.Equal("127.0.0.1", (string?)(await httpbin.GetAsync("/ip"))["origin"]);
        Assert.Equal("192.0.2.1, 10.0.0.1", (string?)(await httpbin.GetAsync("/ip", ("X-Forwarded-For", "192.0.2.1, 10.0.0.1")))["origin"]);
    }

    [Fact]
    public async Task UserAgent_IsNull_WhenAbsent()
    {
        Assert.Equal("me/1", (string?)(await httpbin.GetAsync("/user-agent", ("User-Agent", "me/1")))["user-agent"]);
        Assert.Null((await httpbin.GetAsync("/user-agent"))["user-agent"]);
    }

    [Fact]
    public async Task Args_KeepCaseOrderAndRepeats()
    {
        var args = (await httpbin.GetAsync("/get?a=1&A=2&a=3&plus=x+y&none"))["args"]!;

        Assert.Equal(["1", "3"], args["a"]!.AsArray().Select(value => (string)value!));
        Assert.Equal("2", (string?)args["A"]);
        Assert.Equal("x y", (string?)args["plus"]);
        Assert.Equal("", (string?)args["none"]);
    }

    [Theory]
    [InlineData("/get?x=a%20b%26c", "http://bin/get?x=a b%26c")]
    [InlineData("/get?x=%E4%BD%A0%FF", "http://bin/get?x=%E4%BD%A0%FF")]
    [InlineData("/get?x=%E4%BD%A0%2", "http://bin/get?x=你%2")]
    [InlineData("/anything/a%2Fb//c", "http://bin/anything/a%2Fb//c")]
    public async Task Url_DecodesOnlyWhatChangesNoMeaning(string target, string expected)
    {
        var answer = await ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: bin\r\nConnection: close\r\n\r\n");
        var body = JsonNode.Parse(answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..])!;

        Assert.Equal(expected, (string?)body["url"]);
    }

    [Fact]
    public async Task Url_HonoursForwardedProtoAndHost()
    {
        var body = await httpbin.GetAsync("/get", ("Host", "shop.example"), ("X-Forwarded-Proto", "https"));

        Assert.Equal("https://shop.example/get", (string?)body["url"]);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task Method_HasAnEndpointOfItsName(string method)
    {
        using var content = new StringContent("{\"b\": [1.50, null], \"ä\": 1}", Encoding.UTF8, "application/json");
        var body = await httpbin.JsonAsync(new HttpMethod(method), $"/{method.ToLowerInvariant()}", content);

        Assert.Equal("{\"b\": [1.50, null], \"ä\": 1}", (string?)body["data"]);
        Assert.Equal("1.50", body["json"]!["b"]![0]!.ToJsonString());
        Assert.Equal(["args", "data", "files", "form", "headers", "json", "origin", "url"], body.AsObject().Select(field => field.Key));
    }

    [Fact]
    public async Task Method_IsRefused_AtAnEndpointOfAnother()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Post, "/get");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Contains("GET", response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Form_IsTold_WithRepeatsAsLists()
    {
        using var content = new FormUrlEncodedContent([new("a", "1"), new("b", "2 +&"), new("b", "ä")]);
        var body = await httpbin.JsonAsync(HttpMethod.Post, "/post", content);

        Assert.Equal("1", (string?)body["form"]!["a"]);
        Assert.Equal(["2 +&", "ä"], body["form"]!["b"]!.AsArray().Select(value => (string)value!));
        Assert.Equal("", (string?)body["data"]);
        Assert.Null(body["json"]);
    }

    [Fact]
    public async Task Multipart_TellsFieldsAndFiles()
    {
        using var content = new MultipartFormDataContent
        {
            { new StringContent("one"), "field" },
            { new StringContent("text"), "file", "a.txt" },
            { new ByteArrayContent([0xff, 0x00]), "file", "b.bin" },
        };
        var body = await httpbin.JsonAsync(HttpMethod.Post, "/post", content);

        Assert.Equal("one", (string?)body["form"]!["field"]);
        Assert.Equal(
            ["text", "data:application/octet-stream;base64,/wA="], body["files"]!["file"]!.AsArray().Select(value => (string)value!));
    }

    [Fact]
    public async Task Multipart_IsRefused_WhenCutShort()
    {
        using var content = new StringContent("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf");
        content.Headers.ContentType = new("multipart/form-data") { Parameters = { new("boundary", "b") } };
        using var response = await httpbin.SendAsync(HttpMethod.Post, "/post", content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.StartsWith("multipart body cannot be read", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"half\": \"\\ud800\"}")]
    [InlineData("{")]
    public async Task Json_IsNull_WhenTheBodyIsNone(string text)
    {
        using var content = new StringContent(text);
        var body = await httpbin.JsonAsync(HttpMethod.Post, "/post", content);

        Assert.Equal(text, (string?)body["data"]);
        Assert.Null(body["json"]);
    }

    [Fact]
    public async Task Data_IsADataUrl_WhenItIsNotText()
    {
        using var content = new ByteArrayContent([0xff]);
        var body = await httpbin.JsonAsync(HttpMethod.Put, "/put", content);

        Assert.Equal("data:application/octet-stream;base64,/w==", (string?)body["data"]);
    }

    [Theory]
    [InlineData("GET", "/anything")]
    [InlineData("PROPFIND", "/anything/deep/er")]
    public async Task Anything_TakesAnyMethodAndPath(string method, string path)
    {
        var body = await httpbin.JsonAsync(new HttpMethod(method), path);

        Assert.Equal(method, (string?)body["method"]);
        Assert.Equal(new Uri(httpbin.Server.Address, path).ToString(), (string?)body["url"]);
    }

    [Theory]
    [InlineData("/delay/0", "GET")]
    [InlineData("/delay/0.01", "POST")]
    public async Task Delay_AnswersByAnyMethod(string path, string method)
    {
        var body = await httpbin.JsonAsync(new HttpMethod(method), path);

        Assert.Equal(["args", "data", "files", "form", "headers", "origin", "url"], body.AsObject().Select(field => field.Key));
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("3600", 10)]
    public async Task Delay_WaitsAsAsked_ButTenSecondsAtMost(string asked, int seconds)
    {
        var clock = new SignallingTimeProvider();
        await using var server = await HttpbinServer.StartAsync(new HttpbinOptions { TimeProvider = clock }, Cancellation);
        var answer = httpbin.Client.GetAsync(new Uri(server.Address, $"/delay/{asked}"), Cancellation);
        await clock.TimerCreated.WaitAsync(Cancellation);

        clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        Assert.False(answer.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        using var response = await answer;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-1")]
    [InlineData("NaN")]
    public async Task Delay_Rejects_WhatIsNoDuration(string asked)
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, $"/delay/{asked}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"\"{asked}\"", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private async Task<string> ExchangeAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(httpbin.Server.Address.Host, httpbin.Server.Address.Port, Cancellation);
        await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), Cancellation);
        using var reader = new StreamReader(socket.GetStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancellation);
    }

    /// <summary>Signals when code has begun to wait, so that the test advances the clock neither too early nor by guess.</summary>
    private sealed class SignallingTimeProvider : FakeTimeProvider
    {
        private readonly TaskCompletionSource _timerCreated = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task TimerCreated => _timerCreated.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _timerCreated.TrySetResult();
            return timer;
        }
    }
}
