using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Hosts;
using Turnpike.Reading;
using Turnpike.Yaml;

namespace Turnpike.Compiler;

/// <summary>The reader of each kind, which also validates. This is the only list of the kinds that concern routing.</summary>
internal static class ObjectReaders
{
    private static readonly Dictionary<string, (string[] Groups, Func<JsonObject, Profile, ReadObject> Read)> ByKind = new(StringComparer.Ordinal)
    {
        [Kinds.RouteRule] = ([Names.Group], (raw, _) => ReadObject.Of(RouteRuleReader.Read(raw))),
        [Kinds.Ingress] = (["networking.k8s.io", "extensions"], (raw, _) => ReadObject.Of(IngressReader.Read(raw))),
        [Kinds.IngressClass] = (["networking.k8s.io"], (raw, _) => ReadObject.Of(CoreReaders.ReadIngressClass(raw))),
        [Kinds.Service] = ([""], (raw, _) => ReadObject.Of(CoreReaders.ReadService(raw))),
        [Kinds.Endpoints] = ([""], (raw, _) => WithoutAnnotations(ReadObject.Of(EndpointsReader.ReadEndpoints(raw)))),
        [Kinds.EndpointSlice] = (["discovery.k8s.io"], (raw, _) => WithoutAnnotations(ReadObject.Of(EndpointsReader.ReadSlice(raw)))),
        [Kinds.Pod] = ([""], (raw, _) => WithoutAnnotations(ReadObject.Of(CoreReaders.ReadPod(raw)))),
        [Kinds.Namespace] = ([""], (raw, _) => ReadObject.Of(CoreReaders.ReadNamespace(raw))),
        [Kinds.Secret] = ([""], (raw, _) => ReadSecret(raw)),
        [Kinds.ConfigMap] = ([""], ReadConfigMap),
    };

    /// <summary>
    /// Returns the reader for an object; null when its kind does not concern routing. A kind counts only in its own API group, since other
    /// groups have a Service too.
    /// </summary>
    public static Func<JsonObject, Profile, ReadObject>? For(JsonObject raw)
    {
        if (Text(raw, "kind") is not { } kind || !ByKind.TryGetValue(kind, out var entry))
            return null;
        var apiVersion = Text(raw, "apiVersion") ?? "";
        // Without an apiVersion the kind alone decides, as in istioctl.
        return apiVersion.Length == 0 || entry.Groups.Contains(GroupOf(apiVersion)) ? entry.Read : null;
    }

    public static string GroupOf(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? "" : apiVersion[..slash];
    }

    /// <summary>Returns the groups in which a kind is read; null when it is not read at all.</summary>
    public static IReadOnlyList<string>? GroupsOf(string kind) => ByKind.TryGetValue(kind, out var entry) ? entry.Groups : null;

    /// <summary>Returns the kinds that are read in a group; those of all groups when it is null.</summary>
    public static IEnumerable<string> KindsOf(string? group) => ByKind.Where(k => group is null || k.Value.Groups.Contains(group)).Select(k => k.Key);

    /// <summary>Drops the annotations of pods and endpoints, which are most of their metadata and which nothing reads.</summary>
    private static ReadObject WithoutAnnotations(ReadObject read) => read.Value switch
    {
        PodObject pod => new ReadObject(pod with { Metadata = Bare(pod.Metadata) }, read.Errors, read.Warnings),
        EndpointsObject endpoints => new ReadObject(endpoints with { Metadata = Bare(endpoints.Metadata) }, read.Errors, read.Warnings),
        _ => read,
    };

    private static ObjectMeta Bare(ObjectMeta metadata) => metadata with { Annotations = ObjectMeta.EmptyMap };

    private static ReadObject ReadSecret(JsonObject raw)
    {
        var isTls = Text(raw, "type") == "kubernetes.io/tls"
            || (raw["data"] as JsonObject)?.ContainsKey("tls.crt") == true
            || (raw["stringData"] as JsonObject)?.ContainsKey("tls.crt") == true;
        return isTls ? ReadObject.Of(TlsSecretReader.Read(raw)) : ReadObject.Nothing;
    }

    private static ReadObject ReadConfigMap(JsonObject raw, Profile profile) =>
        HostRecordReader.Read(raw, profile) is { } record ? new ReadObject(record, [], []) : ReadMesh(raw, profile);

    private static ReadObject ReadMesh(JsonObject raw, Profile profile)
    {
        var metadata = raw["metadata"] as JsonObject;
        if (metadata is null || Text(metadata, "name") != profile.MeshConfigMap || Text(metadata, "namespace") != profile.SystemNamespace)
            return ReadObject.Nothing;
        const string path = $"data.{Names.MeshConfigKey}";
        if (raw["data"] is not JsonObject data || Text(data, Names.MeshConfigKey) is not { } text)
            return new ReadObject(null, [FieldError.Required(path, "mesh settings as YAML text")], []);
        var documents = YamlText.Read(text);
        if (documents.FirstOrDefault(d => d.Error is not null) is { } broken)
            return new ReadObject(null, [FieldError.Invalid(path, null, broken.Error!)], []);
        return documents.FirstOrDefault(d => d.Root is not null)?.Root switch
        {
            null => new ReadObject(MeshConfig.Of(profile), [], []),
            JsonObject mesh => Under(path, MeshConfigReader.Read(mesh, profile)),
            _ => new ReadObject(null, [FieldError.Invalid(path, null, "must be a mapping of settings")], []),
        };
    }

    private static ReadObject Under(string path, Decoded<MeshConfig> mesh) => new(
        mesh.Value,
        [.. mesh.Errors.Select(e => e with { Path = e.Path.Length == 0 ? path : $"{path}.{e.Path}" })],
        [.. mesh.Warnings.Select(w => $"{path}: {w}")]);

    public static string? Text(JsonObject node, string name) => node[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
