using System.Globalization;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>The proxy's image by itself, on a table that was compiled elsewhere: no operator is needed.</summary>
public sealed class FileMode(Cluster cluster)
{
    [Fact]
    public Task Proxy_RunsOnATable() => Story.TellAsync(cluster, "A proxy in a pod, on a table in a Secret", async story =>
    {
        await using var place = await Workplace.CreateAsync(cluster, "e2e-file-mode");
        var shell = cluster.Shell;
        shell.Export("NS", place.Namespace);
        await story.DoAsync("the operator's image starts", () => shell.RunAsync("""
            kubectl label namespace $NS turnpike.io/inject=false &&
            kubectl run operator -n $NS --image docker.io/turnpike/operator:0.1.0 --image-pull-policy=Never --restart=Never --attach --quiet -- --version
            """));
        await story.DoAsync("httpbin runs, without a sidecar", () => shell.RunAsync("""
            kubectl create -n $NS -f samples/httpbin/httpbin.yaml &&
            kubectl wait -n $NS --for=condition=Available deployment/httpbin --timeout=80s
            """));
        await story.DoAsync("turnpike compile makes a table", () => shell.RunAsync($$"""
            rm -rf config && mkdir config
            openssl req -x509 -nodes -days 2 -newkey rsa:2048 -keyout config/tls.key -out config/tls.crt -subj "/CN=file.example" 2>/dev/null
            kubectl get -n $NS service,endpoints httpbin -o yaml >config/httpbin.yaml
            kubectl create secret tls certificate -n $NS --cert config/tls.crt --key config/tls.key --dry-run=client -o yaml >config/secret.yaml
            cat >config/secured.yaml <<'EOF'
            {{Manifests.Ingress("secured", host: "file.example", more: "tls: [{hosts: [file.example], secretName: certificate}]")}}
            EOF
            cat >config/plain.yaml <<'EOF'
            {{Manifests.Ingress("plain", host: "file.example")}}
            EOF
            cat >config/rule.yaml <<'EOF'
            {{Manifests.TimeoutRule("timeout", "2s")}}
            EOF
            turnpike compile --config-dir config --namespace $NS -o table.json &&
            kubectl create secret generic table -n $NS --from-file table.json
            """));
        await story.DoAsync("the proxy's pod is ready", () => shell.RunAsync("""
            kubectl apply -n $NS -f - <<EOF
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: proxy}
            spec:
              selector: {matchLabels: {app: proxy}}
              template:
                metadata: {labels: {app: proxy}}
                spec:
                  securityContext: {runAsNonRoot: true}
                  containers:
                  - name: proxy
                    image: docker.io/turnpike/proxy:0.1.0
                    imagePullPolicy: Never
                    args: [ingress, --table=/table/table.json]
                    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
                    readinessProbe: {httpGet: {path: /ready, port: 15020}, periodSeconds: 1}
                    volumeMounts: [{name: table, mountPath: /table}]
                  volumes: [{name: table, secret: {secretName: table}}]
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: proxy}
            spec: {type: NodePort, selector: {app: proxy}, ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]}
            EOF
            kubectl wait -n $NS --for=condition=Available deployment/proxy --timeout=60s
            """));
        using var edge = await FindAsync(shell);
        await story.CheckAsync("a request arrives at httpbin with the rule's timeout", async () =>
        {
            await Wait.UntilSeen("/headers", TimeSpan.FromSeconds(5), () => edge.GetAsync("/headers", "file.example"), answer => answer.Status == 200);
            Assert.Matches("\"X-Envoy-Expected-Rq-Timeout-Ms\": *\"2000\"", (await edge.GetAsync("/headers", "file.example")).Body);
        });
        await story.CheckAsync("an unknown host is not found", async () => Assert.Equal(404, (await edge.GetAsync("/headers", "other.example")).Status));
        await story.CheckAsync("/delay/1 answers 200 after a second, /delay/3 504 after two", async () =>
        {
            var slow = await edge.GetAsync("/delay/1", "file.example");
            var slower = await edge.GetAsync("/delay/3", "file.example");
            Assert.Equal((200, 504), (slow.Status, slower.Status));
            Assert.InRange(slow.Elapsed.TotalSeconds, 1, 1.9);
            Assert.InRange(slower.Elapsed.TotalSeconds, 1.99, 2.9);
        });
        await story.CheckAsync("HTTPS works, with the certificate by SNI", async () =>
        {
            shell.Export("EDGE", edge.Https);
            var answer = await shell.RunAsync("curl -sk --connect-to file.example:443:$EDGE https://file.example/headers -w '%{http_code}'");
            Assert.EndsWith("200", answer, StringComparison.Ordinal);
            Assert.Contains(
                "file.example",
                await shell.RunAsync("openssl s_client -connect $EDGE -servername file.example </dev/null 2>/dev/null | openssl x509 -noout -subject"),
                StringComparison.Ordinal);
        });
    });

    private static async Task<Edge> FindAsync(Shell shell)
    {
        var found = (await shell.RunAsync("""
            kubectl get pods -n $NS -l app=proxy -o jsonpath='{.items[0].status.hostIP}' &&
            kubectl get service -n $NS proxy -o jsonpath=' {.spec.ports[0].nodePort} {.spec.ports[1].nodePort}'
            """)).Split(' ');
        return new Edge(
            string.Create(CultureInfo.InvariantCulture, $"{found[0]}:{found[1]}"), string.Create(CultureInfo.InvariantCulture, $"{found[0]}:{found[2]}"));
    }
}
