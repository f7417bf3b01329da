using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Injector;
using Turnpike.Injector.Config;
using Turnpike.Injector.Patch;
using Turnpike.Injector.Text;
using Turnpike.Tests.Support.Api;
using Turnpike.Yaml;

namespace Turnpike.Tests.Injector;

public sealed class InjectionProperties
{
    private static readonly InjectOptions[] AllOptions =
    [
        new() { AnyKind = true },
        new() { AnyKind = true, HasNativeSidecars = true },
        new(),
    ];

    [Property(MaxTest = 2000)]
    public Property Inject_NeverThrows_AndTwiceIsOnce() =>
        Prop.ForAll(
            Workloads.ToArbitrary(),
            Gen.Elements(AllOptions).ToArbitrary(),
            (workload, options) =>
            {
                var before = workload.ToJsonString();

                var first = Injection.Inject(workload, "default", InjectConfig.Default, options);

                Assert.Equal(before, workload.ToJsonString());
                Assert.Equal(first.Outcome is InjectionOutcome.Injected, first.Patch.Count > 0);
                Assert.Equal(first.Outcome is InjectionOutcome.Invalid, first.Errors.Count > 0);
                if (first.Outcome is not InjectionOutcome.Injected)
                    return;
                var injected = JsonPatch.Apply(workload, first.Patch)!.AsObject();
                var second = Injection.Inject(injected, "default", InjectConfig.Default, options);
                Assert.Equal((InjectionOutcome.NotInjected, "already injected"), (second.Outcome, second.Reason));
                Assert.True(IsWithin(workload, injected), injected.ToJsonString());
            });

    [Property(MaxTest = 1000)]
    public Property Inject_NeverThrows_WhenTextIsStrange() =>
        Prop.ForAll(
            Gen.Elements("\"\\ud800\"", "{\"a\":1,\"a\":2}", "{\"\\udc00\":0}", "1e999", "null", "[]", "{}").Four().ToArbitrary(),
            parts =>
            {
                var text = $$$"""
                    {"kind":"Pod","metadata":{"name":{{{parts.Item1}}},"annotations":{{{parts.Item2}}}},"spec":{"containers":[{"name":{{{parts.Item3}}}}],"volumes":{{{parts.Item4}}}}}
                    """;
                var result = Injection.Inject(JsonNode.Parse(text)!.AsObject(), "", InjectConfig.Default, AllOptions[0]);
                Assert.All(result.Errors, error => Assert.NotEmpty(error.ToString()));
            });

    [Property(MaxTest = 1000)]
    public Property Manifest_IsReadInFull_AndMessagesAreOneLine() =>
        Prop.ForAll(Workloads.ToArbitrary(), JsonTrees.Object.ToArbitrary(), JsonTrees.Text.ToArbitrary(), (workload, noise, name) =>
        {
            noise["kind"] = "Pod";
            noise["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = name, ["annotations"] = new JsonObject { [name] = 1 } };
            var list = new JsonObject { ["kind"] = "List", ["items"] = new JsonArray(workload, noise) };
            var text = YamlText.Write(list) + "---\n" + YamlText.Write(workload);

            var result = ManifestInjector.Inject("file", text, InjectConfig.Default, AllOptions[0], null);

            Assert.All(result.Errors.Concat(result.Notes), message => Assert.DoesNotContain(message, char.IsControl));
            if (result.Errors.Count > 0)
                Assert.Equal(text, result.Text);
            Assert.All(YamlText.Read(result.Text), document => Assert.Null(document.Error));
            Assert.Equal(result.Text, ManifestInjector.Inject("file", result.Text, InjectConfig.Default, AllOptions[0], null).Text);
        });

    private static Gen<JsonObject> Workloads =>
        from kind in Gen.Elements("Pod", "Deployment", "CronJob", "Job", "Service")
        from metadata in Metadata
        from podMetadata in Metadata
        from containers in Items("app", "istio-proxy", "other")
        from inits in Items("init", "istio-proxy")
        from volumes in Items("data", "istio-token", "istio-envoy")
        from noise in JsonTrees.Tree
        from broken in Gen.Frequency(
            (8, Gen.Constant("")), (1, Gen.Elements("containers", "volumes", "initContainers", "spec", "metadata", "annotations")))
        select Build(kind, metadata, podMetadata, containers, inits, volumes, noise, broken);

    private static Gen<JsonNode?> Metadata => Gen.OneOf(
        Gen.Constant<JsonNode?>(null),
        from status in Gen.Elements(
            null,
            "injected-version-0.4",
            """{"version":"1","initContainers":[],"containers":["istio-proxy"],"volumes":["istio-envoy","istio-token"]}""",
            """{"version":"1","initContainers":["istio-proxy"],"containers":[],"volumes":["istio-envoy","istio-token"]}""",
            "[1]",
            "{")
        from labels in JsonTrees.Tree
        select (JsonNode?)new JsonObject
        {
            ["name"] = "a",
            ["labels"] = labels is JsonObject ? new JsonObject { ["app"] = "x" } : null,
            ["annotations"] = status is null ? null : new JsonObject { ["sidecar.istio.io/status"] = status },
        });

    private static Gen<JsonNode?> Items(params string[] names) => Gen.Frequency(
        (1, Gen.Constant<JsonNode?>(null)),
        (3, Gen.SubListOf(names).Select(some => (JsonNode?)new JsonArray([.. some.Select(name => new JsonObject { ["name"] = name })]))));

    private static JsonObject Build(
        string kind,
        JsonNode? metadata,
        JsonNode? podMetadata,
        JsonNode? containers,
        JsonNode? inits,
        JsonNode? volumes,
        JsonNode? noise,
        string broken)
    {
        var spec = new JsonObject
        {
            ["containers"] = containers?.DeepClone(),
            ["initContainers"] = inits?.DeepClone(),
            ["volumes"] = volumes?.DeepClone(),
        };
        if (spec.ContainsKey(broken))
            spec[broken] = noise?.DeepClone();
        var pod = new JsonObject { ["metadata"] = podMetadata?.DeepClone(), ["spec"] = broken == "spec" ? noise?.DeepClone() : spec };
        var template = new JsonObject { ["template"] = pod };
        var root = kind switch
        {
            "Pod" => (JsonObject)pod.DeepClone(),
            "CronJob" => new JsonObject { ["spec"] = new JsonObject { ["jobTemplate"] = new JsonObject { ["spec"] = template } } },
            _ => new JsonObject { ["spec"] = template },
        };
        root["kind"] = kind;
        if (kind != "Pod")
            root["metadata"] = broken == "metadata" ? noise?.DeepClone() : metadata?.DeepClone();
        if (broken == "annotations")
            root["metadata"] = new JsonObject { ["annotations"] = noise?.DeepClone() };
        return root;
    }

    /// <summary>Whether all that was there is there, in its order; null and empty give way, and so does an old status.</summary>
    private static bool IsWithin(JsonNode? part, JsonNode? whole) =>
        (part, whole) switch
        {
            (null, _) or (JsonObject { Count: 0 }, _) or (JsonArray { Count: 0 }, _) => true,
            (JsonObject members, JsonObject all) => members.All(member =>
                member.Key == "sidecar.istio.io/status" || IsWithin(member.Value, all[member.Key])),
            (JsonArray items, JsonArray all) => items.Count <= all.Count
                && items
                    .Zip(all.Skip(all.Count - items.Count > 0 && !IsWithin(items[0], all[0]) ? 1 : 0))
                    .All(pair => IsWithin(pair.First, pair.Second)),
            _ => JsonNode.DeepEquals(part, whole),
        };
}
