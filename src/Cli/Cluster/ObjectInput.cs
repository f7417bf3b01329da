using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Cli.Manifests;
using Turnpike.Hosting.Api;

namespace Turnpike.Cli.Cluster;

/// <summary>Reads the objects that a command is to send. All documents are judged before the first is sent: one fault, and nothing is.</summary>
/// <param name="input">Standard input.</param>
/// <param name="notes">Where warnings go, one line each.</param>
internal sealed class ObjectInput(ClusterAccess cluster, TextReader input, TextWriter notes)
{
    private readonly List<string> _faults = [];

    /// <summary>The objects of a file or, for <c>-</c>, of standard input: RouteRules first, then what goes as it is.</summary>
    /// <param name="file">Where to read.</param>
    /// <param name="verb">What is to be done with them.</param>
    public async Task<IReadOnlyList<ClusterObject>> ReadAsync(string file, ChangeVerb verb, CancellationToken ct)
    {
        var rules = new List<ClusterObject>();
        var others = new List<ClusterObject>();
        foreach (var manifest in await ManifestsAsync(file, ct))
        {
            if (manifest.Error is { } error)
                _faults.Add($"{manifest.Location}: {error}");
            else if (!TryNamespace(manifest, out var ns))
                continue;
            else if (manifest.Key!.Value.Kind == RouteRuleReader.Kind)
                Add(rules, RouteRule(manifest, ns, verb));
            else
                Add(others, await OtherAsync(manifest, ns, ct));
        }
        if (_faults.Count > 0)
            throw new CommandException($"configuration is invalid, nothing was {verb.Participle}", _faults);
        return rules.Count + others.Count == 0 ? throw new CommandException($"nothing to {verb.Name}") : [.. rules, .. others];
    }

    private static void Add(List<ClusterObject> objects, ClusterObject? read)
    {
        if (read is not null)
            objects.Add(read);
    }

    private async Task<IReadOnlyList<Manifest>> ManifestsAsync(string file, CancellationToken ct)
    {
        // Without a namespace to fill in, what the object itself says is still to be seen.
        if (file == "-")
            return ManifestReader.ReadText(await input.ReadToEndAsync(ct), "stdin", "");
        return File.Exists(file) ? ManifestReader.ReadFile(file, file, "") : throw new CommandException($"-f: there is no file \"{file}\"");
    }

    /// <summary>The command line's namespace, else the object's, else the context's.</summary>
    private bool TryNamespace(Manifest manifest, out string ns)
    {
        var written = manifest.Key!.Value.Namespace;
        ns = written.Length > 0 ? written : cluster.Namespace;
        if (cluster.Settings.Namespace is { } asked && asked != ns)
            return Fault(manifest, $"metadata.namespace is \"{ns}\" and the command line says \"{asked}\": pass --namespace={ns}");
        if (ObjectName.Fault(ns) is { } wrongNamespace)
            return Fault(manifest, $"metadata.namespace: Invalid value: \"{ns}\": {wrongNamespace}");
        return ObjectName.Fault(manifest.Key.Value.Name) is not { } wrongName
            || Fault(manifest, $"metadata.name: Invalid value: \"{manifest.Key.Value.Name}\": {wrongName}");
    }

    private bool Fault(Manifest manifest, string fault)
    {
        _faults.Add($"{manifest.Describe()}: {fault}");
        return false;
    }

    private ClusterObject? RouteRule(Manifest manifest, string ns, ChangeVerb verb)
    {
        var root = manifest.Root!;
        root["apiVersion"] ??= Names.GroupVersion;
        root["metadata"]!["namespace"] = ns;
        var key = new Hosting.Api.ObjectKey(ns, manifest.Key!.Value.Name);
        if (!verb.SendsBody)
            return new ClusterObject(Resources.RouteRules, key, root);
        var read = RouteRuleReader.Read(root);
        foreach (var warning in read.Warnings)
            notes.WriteLine($"warning: {manifest.Describe()}: {warning}");
        foreach (var error in read.Errors)
            Fault(manifest, error.ToString());
        return read.Value is { } rule ? new ClusterObject(Resources.RouteRules, key, RouteRuleWriter.Write(rule)) : null;
    }

    /// <summary>Objects of our group that we do not know ourselves are sent as they are, where the server knows them.</summary>
    private async Task<ClusterObject?> OtherAsync(Manifest manifest, string ns, CancellationToken ct)
    {
        var root = manifest.Root!;
        var kind = manifest.Key!.Value.Kind;
        root["apiVersion"] ??= Names.GroupVersion;
        var apiVersion = root["apiVersion"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
        if (apiVersion.Split('/') is not [Names.Group, { Length: > 0 } version])
        {
            Fault(manifest, $"kind {kind} is not known: only objects of {Names.Group} are sent");
            return null;
        }
        if (await ServedAsync(version, kind, ct) is not var (resource, isNamespaced))
        {
            Fault(manifest, $"kind {kind} is not known");
            return null;
        }
        var metadata = root["metadata"]!.AsObject();
        if (isNamespaced)
            metadata["namespace"] = ns;
        else
            metadata.Remove("namespace");
        var name = manifest.Key.Value.Name;
        return new ClusterObject(resource, isNamespaced ? new(ns, name) : Hosting.Api.ObjectKey.ClusterScoped(name), root);
    }

    private Task<(ResourceRef Resource, bool IsNamespaced)?> ServedAsync(string version, string kind, CancellationToken ct) =>
        cluster.RunAsync<(ResourceRef, bool)?>(async api =>
        {
            try
            {
                var answer = await api.RequestAsync(HttpMethod.Get, $"apis/{Names.Group}/{Uri.EscapeDataString(version)}", null, ct);
                return answer.Child("resources") is { ValueKind: JsonValueKind.Array } list
                    ? list.EnumerateArray().Select(known => Resource(known, version, kind)).FirstOrDefault(known => known is not null)
                    : null;
            }
            catch (KubeStatusException e) when (e.IsNotFound)
            {
                return null;
            }
        });

    /// <summary>Null for another kind, and for a subresource, whose name has a slash.</summary>
    private static (ResourceRef Resource, bool IsNamespaced)? Resource(JsonElement known, string version, string kind) =>
        known.Text("kind") == kind && known.Text("name") is { } plural && !plural.Contains('/', StringComparison.Ordinal)
            ? (new ResourceRef(Names.Group, version, plural, kind), known.Child("namespaced") is { ValueKind: JsonValueKind.True })
            : null;
}
