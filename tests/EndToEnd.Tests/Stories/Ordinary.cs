using System.Net.WebSockets;
using System.Text;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>
/// An Ingress as one writes it for any controller of today: a port that is named after nothing, hosts under tls, a WebSocket, an upstream that
/// speaks HTTPS; and no RouteRule anywhere.
/// </summary>
public sealed class Ordinary(Cluster cluster)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public Task Ingress_WorksAsEverywhere() => Story.TellAsync(cluster, "An ordinary Ingress works", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-ordinary");
        var edge = cluster.Edge;
        var (shop, api) = (place.Host, $"api.{place.Host}");
        await story.DoAsync("a service whose port is named web, one that speaks HTTPS, and a certificate", () => StartAsync(place, shop, api));
        await story.DoAsync("an Ingress with both hosts under tls", () => place.ApplyAsync($$"""
            {{Ingress("shop", shop, "/", "web", tls: $"tls: [{{hosts: [{shop}], secretName: certificate}}]")}}
            ---
            {{Ingress("api", api, "/", "secure", tls: $"tls: [{{hosts: [{api}], secretName: certificate}}]", annotation: "turnpike.io/backend-protocol: HTTPS")}}
            """));

        await story.CheckAsync("the port's name does not matter: HTTPS answers", () => Wait.UntilSeen(
            "the shop", Soon, () => edge.GetSecureAsync("/headers", shop), answer => answer.Status == 200));
        await story.CheckAsync("port 80 redirects, with path and query as they are", () => Wait.UntilSeen(
            "a redirect", Soon, () => edge.GetAsync("/headers?a=1&b=%2F", shop), answer => answer is { Status: 308 } && answer.Location == $"https://{shop}/headers?a=1&b=%2F"));
        await story.CheckAsync("so it does for a path that nobody has", async () => Assert.Equal(308, (await edge.GetAsync("/nobody/has/this", shop)).Status));
        await story.CheckAsync("a WebSocket goes through without a rule", async () => Assert.Equal("hello", await EchoAsync(shop, "hello")));
        await story.CheckAsync("the upstream that speaks HTTPS answers", () => Wait.UntilSeen(
            "the api", Soon, () => edge.GetSecureAsync("/status/202", api), answer => answer.Status == 202));
        await story.CheckAsync("a path that another Ingress claims without tls is served on port 80", async () =>
        {
            await place.ApplyAsync(Ingress("challenge", shop, "/anything/challenge", "web"));
            await Wait.UntilSeen("the challenge", Soon, () => edge.GetAsync("/anything/challenge", shop), answer => answer.Status == 200);
            Assert.Equal(308, (await edge.GetAsync("/anything/else", shop)).Status);
            Assert.Equal(200, (await edge.GetSecureAsync("/anything/challenge", shop)).Status);
        });
        await story.CheckAsync("a default backend of another namespace gets nothing of these hosts", async () =>
        {
            await using var other = await Workplace.CreateAsync(cluster, "e2e-ordinary-other");
            await other.ApplyAsync("""
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: everything}
                spec:
                  ingressClassName: istio
                  defaultBackend: {service: {name: nothing, port: {number: 80}}}
                """);
            await Wait.UntilSeen("the default backend", Soon, () => edge.GetAsync("/", "nobodys.example"), answer => answer.Status == 503);
            Assert.Equal(308, (await edge.GetAsync("/", shop)).Status);
            Assert.Equal(308, (await edge.GetAsync("/", api)).Status);
            await cluster.Shell.RunAsync($"kubectl delete ingress everything -n {other.Namespace}");
        });
        await story.CheckAsync("404 says why", () => Wait.UntilSeen(
            "a 404", Soon, () => edge.GetAsync("/", "unheard-of.example"), answer => answer is { Status: 404, Body: "no route for host \"unheard-of.example\"" }));
        await story.CheckAsync("an Ingress that another controller guarded is refused, with the reason", async () =>
        {
            var refusal = (await place.TryApplyAsync(Ingress("guarded", $"guarded.{shop}", "/", "web", annotation: "nginx.ingress.kubernetes.io/auth-url: https://auth.example/check"))).Failed();
            Assert.Contains("metadata.annotations[nginx.ingress.kubernetes.io/auth-url]: Forbidden: asks ingress-nginx for authentication", refusal, StringComparison.Ordinal);
        });
        await story.CheckAsync("an annotation that guards nothing is a warning", async () =>
        {
            var applied = await place.TryApplyAsync(Ingress("rewritten", $"rewritten.{shop}", "/", "web", annotation: "nginx.ingress.kubernetes.io/rewrite-target: /"));
            applied.Succeeded();
            Assert.Contains("Warning: metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: has no effect", applied.Error, StringComparison.Ordinal);
        });
    });

    private async Task StartAsync(Workplace place, string shop, string api)
    {
        await cluster.Shell.RunAsync($"""
            openssl req -x509 -nodes -days 2 -newkey rsa:2048 -keyout ordinary.key -out ordinary.crt -subj "/CN={shop}" -addext "subjectAltName=DNS:{shop},DNS:{api}" 2>/dev/null &&
            kubectl create secret tls certificate -n {place.Namespace} --cert ordinary.crt --key ordinary.key
            """);
        await place.ApplyAsync($$"""
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: 8000}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: secure}
            spec: {selector: {app: secure}, ports: [{name: web, port: 80, targetPort: 8443}]}
            ---
            {{Deployment("web", Cluster.SampleImage, """args: [--port, "8000", --address, 0.0.0.0]""", "tcpSocket: {port: 8000}")}}
            ---
            {{Deployment(
                "secure",
                Cluster.HttpbinImage,
                """command: [gunicorn, -b, "0.0.0.0:8443", --certfile, /certificate/tls.crt, --keyfile, /certificate/tls.key, "httpbin:app"]""",
                "httpGet: {path: /status/200, port: 8443, scheme: HTTPS}")}}
            """);
        await cluster.Shell.RunAsync($"kubectl wait -n {place.Namespace} --for=condition=Available deployment/web deployment/secure --timeout=80s");
    }

    private static string Deployment(string name, string image, string program, string probe) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{name}} }
        spec:
          selector: {matchLabels: {app: {{name}} } }
          template:
            metadata: {labels: {app: {{name}} }, annotations: {sidecar.istio.io/inject: "false"} }
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: {{name}}
                image: {{image}}
                imagePullPolicy: IfNotPresent
                {{program}}
                readinessProbe: { {{probe}}, periodSeconds: 1 }
                volumeMounts: [{name: certificate, mountPath: /certificate}]
              volumes: [{name: certificate, secret: {secretName: certificate} }]
        """;

    private static string Ingress(string name, string host, string path, string service, string tls = "", string annotation = "example.com/made-by: turnpike-e2e") => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: {{name}}
          annotations:
            {{annotation}}
        spec:
          ingressClassName: istio
          {{tls}}
          rules:
          - host: {{host}}
            http:
              paths:
              - path: {{path}}
                pathType: Prefix
                backend: {service: {name: {{service}}, port: {name: web} } }
        """;

    private async Task<string> EchoAsync(string host, string text)
    {
        var cancelled = TestContext.Current.CancellationToken;
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", host);
        // The story's certificate is signed by itself.
#pragma warning disable CA5359
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        await socket.ConnectAsync(new Uri($"wss://{cluster.Edge.Https}/websocket/echo"), cancelled);
        await socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, true, cancelled);
        var buffer = new byte[1024];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), cancelled);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancelled);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
