using System.Text.Json;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>The operator restores the objects that it made.</summary>
public sealed class Repair(Cluster cluster)
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(5);

    [Fact]
    public Task Ingress_IsRepaired() => Story.TellAsync(cluster, "What is taken away or bent is put right", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-repair");
        await story.DoAsync("httpbin behind the ingress", place.ServeHttpbinAsync);

        await story.CheckAsync("a Service that was bent is straight within 5 s", async () =>
        {
            var before = await ServiceAsync();
            await cluster.Shell.RunAsync("""
                kubectl patch service -n istio-system istio-ingress --type=json -p '[
                  {"op": "replace", "path": "/spec/selector/istio", "value": "nobody"},
                  {"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9999}]'
                """);
            cluster.Measurements.Add(
                "repair of a drifted Service, seen through kubectl", await Wait.UntilSeen("the Service as it was", Promised, ServiceAsync, now => now == before));
            await Wait.UntilSeen("traffic again", TimeSpan.FromSeconds(10), () => cluster.Edge.GetOnNewConnectionAsync("/headers", place.Host), answer => answer.Status == 200);
        });
        await story.CheckAsync("a Deployment that was deleted is there again within 5 s", async () =>
        {
            var old = await UidAsync();
            await cluster.Shell.RunAsync("kubectl delete deployment -n istio-system istio-ingress --wait=false");
            cluster.Measurements.Add(
                "repair of the deleted Deployment, seen through kubectl",
                await Wait.UntilSeen("another Deployment istio-ingress", Promised, UidAsync, uid => uid.Length > 0 && uid != old));
            cluster.Measurements.Add(
                "… until it serves again",
                await Wait.UntilSeen("traffic again", TimeSpan.FromSeconds(60), () => cluster.Edge.GetOnNewConnectionAsync("/headers", place.Host), answer => answer.Status == 200));
        });
        await story.CheckAsync("a Deployment that was scaled and bent is straight within 5 s", async () =>
        {
            var before = await TemplateAsync();
            await cluster.Shell.RunAsync("""
                kubectl patch deployment -n istio-system istio-ingress --type=strategic -p '
                  {"spec": {"template": {"spec": {"containers": [{"name": "istio-proxy", "image": "docker.io/local/nothing:1"}]}}}}'
                """);
            await Wait.UntilSeen("the template as it was", Promised, TemplateAsync, now => now == before);
        });
        await story.CheckAsync("the RouteRules' webhook that lost its authority has it again within 5 s", async () =>
        {
            await cluster.Shell.RunAsync("""
                kubectl patch validatingwebhookconfiguration turnpike --type=json -p '[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]'
                """);
            await Wait.UntilSeen(
                "the caBundle",
                Promised,
                () => cluster.Shell.RunAsync("kubectl get validatingwebhookconfiguration turnpike -o jsonpath='{.webhooks[0].clientConfig.caBundle}'"),
                bundle => bundle.Length > 100);
        });
    });

    private async Task<string> ServiceAsync()
    {
        using var service = JsonDocument.Parse(await cluster.Shell.RunAsync("kubectl get service -n istio-system istio-ingress -o json"));
        return service.RootElement.GetProperty("spec").ToString();
    }

    private async Task<string> UidAsync() =>
        (await cluster.Shell.TryAsync("kubectl get deployment -n istio-system istio-ingress -o jsonpath='{.metadata.uid}'")).Output;

    private Task<string> TemplateAsync() =>
        cluster.Shell.RunAsync("kubectl get deployment -n istio-system istio-ingress -o jsonpath='{.spec.template.spec}'");
}
