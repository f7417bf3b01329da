using Turnpike.Hosting.Client;
using Turnpike.Tests.Integration.Runtime;

namespace Turnpike.Tests.Integration.Install;

[Collection<WithOwnApiServer>]
public sealed class RestartTests(OwnApiServer server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Informers_SurviveARestartOfTheApiServer_AndALostHistory()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await using var relay = new Support.Relay(KubeEndpoint.FromKubeconfig(server.Kubeconfig).Server);
        await using var near = new WatchedConfigMaps(new(KubeEndpoint.FromKubeconfig(server.Kubeconfig)), new() { Namespace = ns });
        await using var far = new WatchedConfigMaps(
            new(KubeEndpoint.FromKubeconfig(await server.KubeconfigAsync(relay.Address))), new() { Namespace = ns });
        await PutAsync("changed", "1");
        await PutAsync("gone", "1");
        await near.ToldOf("+changed=1 +gone=1");
        await far.ToldOf("+changed=1 +gone=1");
        near.Forget();
        far.Forget();

        // One of them misses this, and when it is back the server no longer knows what lay between: 410.
        relay.Cut();
        await WatchedConfigMaps.RemoveAsync(server.Api, ns, "gone", Cancelled);
        await PutAsync("changed", "2");
        await PutAsync("changed", "3");
        await PutAsync("new", "1");
        await near.ToldOf("-gone ~changed=2 ~changed=3 +new=1");
        await server.RestartAsync(Cancelled);
        relay.Mend();

        // Found by comparing with a list: what is there first, then what is no longer.
        await far.ToldOf("~changed=3 +new=1 -gone");
        await PutAsync("last", "1");
        await near.ToldOf("-gone ~changed=2 ~changed=3 +new=1 +last=1");
        await far.ToldOf("~changed=3 +new=1 -gone +last=1");

        Task PutAsync(string name, string value) => WatchedConfigMaps.PutAsync(server.Api, ns, name, value, Cancelled);
    }
}
