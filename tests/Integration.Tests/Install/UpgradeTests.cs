using System.Text.RegularExpressions;
using Turnpike.Tests.Integration.ControlPlane;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Integration.Install;

/// <summary>Files of other versions applied over settings that a user has changed.</summary>
public sealed partial class UpgradeTests(OperatorFixture cluster) : IClassFixture<OperatorFixture>
{
    private static readonly string[][] OfTheUser =
    [
        ["configmap", "istio", "-n", "istio-system"],
        ["configmap", "istio-inject", "-n", "istio-system"],
        ["ingressclass", "istio"],
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SettingsOfTheUser_StayThroughApplies_UpgradeAndRollback_AndComeBackOnlyWhereMissing()
    {
        foreach (var what in OfTheUser)
            await Wait.For(ct => cluster.KubectlAsync(null, ct, ["get", .. what]), run => run.ExitCode == 0, $"{what[0]} {what[1]}");
        await cluster.KubectlAsync(
            Cancelled,
            "patch",
            "configmap",
            "istio",
            "-n",
            "istio-system",
            "-p",
            """{"data":{"mesh":"defaultRequestTimeout: 60s\n"}}""");
        await cluster.KubectlAsync(
            Cancelled,
            "patch",
            "configmap",
            "istio-inject",
            "-n",
            "istio-system",
            "-p",
            """{"data":{"config":"policy: disabled\n"}}""");
        await cluster.KubectlAsync(Cancelled, "annotate", "ingressclass", "istio", "ingressclass.kubernetes.io/is-default-class=true");
        await cluster.KubectlAsync(
            Cancelled, "label", "namespace", "istio-system", "team=edge", "pod-security.kubernetes.io/enforce=baseline");
        var before = await LookAsync();

        var file = await File.ReadAllTextAsync(cluster.Manifest, Cancelled);
        var newer = ImageTag().Replace(file, "$1:99.0.0");
        var older = ImageTag()
            .Replace(file, "$1:0.0.1")
            .Replace($"    {Turnpike.Api.Names.ProfileLabel}: {cluster.Profile.Name}\n", "", StringComparison.Ordinal);
        Assert.NotEqual(file, newer);
        foreach (var text in (string[])[file, newer, older, file])
        {
            (
                await cluster.KubectlAsync(
                    text, Cancelled, ["apply", .. cluster.Minor < 23 ? ["--validate=false"] : Array.Empty<string>(), "-f", "-"])).Expect();
            Assert.Equal(before, await LookAsync());
        }
        await cluster.LeadHereAsync();

        // A user who replaces an object by deleting it is faster than the operator.
        var mine = await cluster.KubectlAsync(Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "yaml");
        await cluster.KubectlAsync(Cancelled, "delete", "configmap", "istio", "-n", "istio-system");
        (await cluster.KubectlAsync(WithoutIdentity().Replace(mine, ""), Cancelled, "create", "-f", "-")).Expect();
        Assert.Contains("60s", await MeshAsync(), StringComparison.Ordinal);

        await cluster.KubectlAsync(Cancelled, "delete", "configmap", "istio", "-n", "istio-system");
        await Wait.For(
            async ct =>
                (
                    await cluster.KubectlAsync(null, ct, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}")
                ).Output,
            mesh => mesh.Contains("ingressControllerMode: STRICT", StringComparison.Ordinal),
            "the settings to be made again");
    }

    private Task<string> MeshAsync() =>
        cluster.KubectlAsync(Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}");

    /// <summary>Any write makes another version.</summary>
    private async Task<string> LookAsync()
    {
        var seen = new List<string>
        {
            await cluster.KubectlAsync(Cancelled, "get", "namespace", "istio-system", "-o", "jsonpath={.metadata.uid} {.metadata.labels}"),
        };
        foreach (var what in OfTheUser)
            seen.Add(await cluster.KubectlAsync(Cancelled, ["get", .. what, "-o", "jsonpath={.metadata.uid} {.metadata.resourceVersion}"]));
        return string.Join('\n', seen);
    }

    [GeneratedRegex(@"(docker\.io/turnpike/(?:operator|proxy)):[\w.-]+")]
    private static partial Regex ImageTag();

    [GeneratedRegex(@"^  (resourceVersion|uid|creationTimestamp): .*\n", RegexOptions.Multiline)]
    private static partial Regex WithoutIdentity();
}
