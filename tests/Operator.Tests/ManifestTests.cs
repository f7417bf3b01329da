using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Hosting.Client;
using Turnpike.Operator.ManagedProxy;
using Turnpike.Operator.Manifests;
using Turnpike.Tests.Support;
using Turnpike.Yaml;

namespace Turnpike.Tests.Operator;

public sealed class ManifestTests
{
    [Fact]
    public void GeneratedFiles_AreAsCommitted()
    {
        var root = Path.Combine(GoldenFiles.Root, "..", "..");
        foreach (var (path, text) in GeneratedFiles.All)
        {
            Assert.True(
                File.Exists(Path.Combine(root, path)) && File.ReadAllText(Path.Combine(root, path)) == text,
                $"{path} is stale: run make manifests");
        }
    }

    [Fact]
    public void EveryContainerOfOurs_IsAsHarmlessAsItCanBe()
    {
        foreach (var deployment in Deployments())
        {
            var pod = deployment["spec"]!["template"]!["spec"]!;
            Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
            Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
            foreach (var container in pod["containers"]!.AsArray())
            {
                var security = container!["securityContext"]!;
                Assert.False((bool)security["allowPrivilegeEscalation"]!);
                Assert.True((bool)security["readOnlyRootFilesystem"]!);
                Assert.Equal("""["ALL"]""", security["capabilities"]!["drop"]!.ToJsonString());
                Assert.NotNull(container["resources"]!["limits"]!["memory"]);
                Assert.NotNull(container["readinessProbe"]);
                Assert.NotNull(container["livenessProbe"]);
            }
        }
    }

    [Fact]
    public void EveryPortOfAPod_IsInANetworkPolicy_AndNoOther()
    {
        static int[] Ports(IEnumerable<JsonNode?> ports, string member) => [.. ports.Select(port => (int)port![member]!).Order()];
        var policies = Profile
            .All.SelectMany(NetworkPolicies.All)
            .DistinctBy(p => p["spec"]!["podSelector"]!["matchLabels"]!.ToJsonString())
            .ToDictionary(p => p["spec"]!["podSelector"]!["matchLabels"]!.ToJsonString());
        Assert.All(
            Deployments(),
            deployment =>
            {
                var policy = policies[deployment["spec"]!["selector"]!["matchLabels"]!.ToJsonString()];
                Assert.Equal(
                    Ports(
                        deployment["spec"]!["template"]!["spec"]!["containers"]!.AsArray().SelectMany(c => c!["ports"]!.AsArray()),
                        "containerPort"),
                    Ports(policy["spec"]!["ingress"]!.AsArray().SelectMany(rule => rule!["ports"]!.AsArray()), "port"));
            });
    }

    [Fact]
    public void EveryPod_KeepsItsHeapBelowItsLimit_AndIsNotProbedBeforeItListens() =>
        Assert.All(Deployments().Select(d => d["spec"]!["template"]!["spec"]!["containers"]![0]!), container =>
        {
            var environment = container["env"]!.AsArray().ToDictionary(v => (string)v!["name"]!, v => (string?)v!["value"]);
            Assert.Equal("0", environment["DOTNET_gcServer"]);
            Assert.InRange(Convert.ToInt32(environment["DOTNET_GCHeapHardLimitPercent"], 16), 50, 75);
            Assert.All(
                new[] { "startupProbe", "readinessProbe" }.Select(name => container[name]).Where(probe => probe is not null),
                probe => Assert.InRange((int)probe!["initialDelaySeconds"]!, 1, 10));
        });

    [Fact]
    public void EveryRuleOfARole_HasItsReasonAboveIt()
    {
        var lines = string.Join('\n', RbacManifests.All(Profile.Istio2017)).Split('\n');
        var rules = Enumerable
            .Range(1, lines.Length - 1)
            .Where(i => lines[i].StartsWith("- apiGroups:", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(
            RbacManifests.OfCluster(Profile.Istio2017).Count
                + RbacManifests.OfSystemNamespace(Profile.Istio2017).Count
                + RbacManifests.OfSelfTest.Count,
            rules.Count);
        Assert.All(rules, i => Assert.Matches(@"^# \S.+\.$", lines[i - 1]));
    }

    [Fact]
    public void HostileImageName_IsOnlyAText()
    {
        var mesh = MeshConfig.Default with { IngressProxy = new IngressProxySettings { Image = "a\"\n  privileged: true" } };
        var deployment = DesiredProxy
            .All(Profile.Istio2017, mesh, "image", KnownResources.DisruptionBudgets)
            .Single(o => o.Resource == KnownResources.Deployments)
            .Body;
        Assert.Equal("a\"\n  privileged: true", (string?)deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]);
    }

    /// <summary>The kubelet must not kill a proxy that still drains, nor wait where it does not drain.</summary>
    [Theory]
    [InlineData("{}", 60)]
    [InlineData("""{"drainDuration": "0s"}""", 15)]
    [InlineData("""{"drainDuration": "2m"}""", 135)]
    public void GracePeriod_FollowsTheDrainThatTheProxyIsTold(string settings, int seconds)
    {
        var mesh = MeshConfigReader.Read(System.Text.Json.Nodes.JsonNode.Parse(settings)!.AsObject()).Value!;
        var deployment = DesiredProxy
            .All(Profile.Istio2017, mesh, "image", KnownResources.DisruptionBudgets)
            .Single(o => o.Resource == KnownResources.Deployments)
            .Body;
        Assert.Equal(seconds, (int?)deployment["spec"]!["template"]!["spec"]!["terminationGracePeriodSeconds"]);
        var table = Turnpike.Compiler.RouteCompiler.Compile(new Turnpike.Compiler.ClusterSnapshot { Mesh = mesh }).Table;
        Assert.Equal(seconds - 15, table.Settings.EffectiveDrainDuration.TotalSeconds);
    }

    [Fact]
    public void NodePorts_AreThereWhenAskedFor()
    {
        JsonObject Service(IngressProxySettings settings) =>
            DesiredProxy
                .All(Profile.Istio2017, MeshConfig.Default with { IngressProxy = settings }, "image", KnownResources.DisruptionBudgets)
                .Single(o => o.Resource == KnownResources.Services)
                .Body;
        Assert.Null(Service(new IngressProxySettings())["spec"]!["ports"]![0]!["nodePort"]);
        Assert.Equal(32000, (int?)Service(new IngressProxySettings { HttpNodePort = 32000 })["spec"]!["ports"]![0]!["nodePort"]);
    }

    /// <summary>No manifest holds an object that may exist already or that users edit: a second apply owns none of their fields.</summary>
    [Fact]
    public void NoFile_HoldsSettings_AnIngressClass_OrALabelOfANamespace()
    {
        foreach (var profile in Profile.All)
        {
            var path = Path.Combine(GoldenFiles.Root, "..", "..", GeneratedFiles.PathOf(profile));
            var objects = YamlText.Read(File.ReadAllText(path)).Select(d => d.Root).OfType<JsonObject>().ToList();
            Assert.DoesNotContain(objects, o => (string?)o["kind"] is "ConfigMap" or "IngressClass");
            Assert.All(
                objects.Where(o => (string?)o["kind"] == "Namespace"),
                ns => Assert.Equal(["name"], ns["metadata"]!.AsObject().Select(m => m.Key)));
        }
    }

    /// <summary>The profiles share one object, the definition, and it is the same; all others differ by name or namespace.</summary>
    [Fact]
    public void Profiles_ShareNoObject_ButTheDefinition()
    {
        var names = Profile
            .All.Select(profile =>
                YamlText
                    .Read(File.ReadAllText(Path.Combine(GoldenFiles.Root, "..", "..", GeneratedFiles.PathOf(profile))))
                    .Select(d => d.Root)
                    .OfType<JsonObject>()
                    .Select(o => $"{o["kind"]} {o["metadata"]!["namespace"]}/{o["metadata"]!["name"]}"))
            .ToList();
        Assert.Equal(["CustomResourceDefinition /routerules.config.istio.io"], names[0].Intersect(names[1]));
    }

    private static IEnumerable<JsonObject> Deployments() =>
        Profile.All.SelectMany(profile =>
            DesiredProxy
                .All(profile, MeshConfig.Of(profile), "image", KnownResources.DisruptionBudgets)
                .Where(o => o.Resource == KnownResources.Deployments)
                .Select(o => o.Body)
                .Append(OperatorManifests.Deployment(profile)));
}
