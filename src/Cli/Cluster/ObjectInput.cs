using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Cli.Manifests;

namespace Turnpike.Cli.Cluster;

/// <summary>
/// Reads the objects that a command is to send, and checks them as far as possible without a cluster. All documents are checked before the
/// first is
/// sent, and with one error nothing is sent.
/// </summary>
/// <param name="asked">The namespace of the command line, or null.</param>
/// <param name="input">Standard input.</param>
/// <param name="notes">Receives a line for each warning.</param>
internal sealed class ObjectInput(string? asked, TextReader input, TextWriter notes)
{
    private readonly List<string> _faults = [];

    /// <summary>Reads the objects of a file or, for <c>-</c>, of standard input.</summary>
    /// <param name="file">The file, or <c>-</c>.</param>
    /// <param name="verb">The operation on the objects.</param>
    /// <param name="ct">Cancels the reading.</param>
    /// <exception cref="CommandException">The file cannot be read, or one of its objects cannot be sent.</exception>
    public async Task<InputObjects> ReadAsync(string file, ChangeVerb verb, CancellationToken ct)
    {
        var rules = new List<Manifest>();
        var others = new List<Manifest>();
        foreach (var manifest in await ManifestsAsync(file, ct))
        {
            if (manifest.Error is { } error)
                _faults.Add($"{manifest.Location}: {error}");
            else if (!CheckNames(manifest))
                continue;
            else if (manifest.Key!.Value.Kind != RouteRuleReader.Kind)
                CheckOther(manifest, others);
            else if (verb.SendsBody)
                CheckRule(manifest, rules);
            else
                rules.Add(manifest);
        }
        if (_faults.Count > 0)
            throw InputObjects.Invalid(verb, _faults);
        return rules.Count + others.Count > 0
            ? new InputObjects(rules, others, verb)
            : throw new CommandException($"nothing to {verb.Name}");
    }

    private async Task<IReadOnlyList<Manifest>> ManifestsAsync(string file, CancellationToken ct)
    {
        // No namespace is filled in, so that an object's own namespace can be told from the default.
        if (file == "-")
            return ManifestReader.ReadText(await input.ReadToEndAsync(ct), "stdin", "");
        return File.Exists(file) ? ManifestReader.ReadFile(file, file, "")
            : throw new CommandException(Directory.Exists(file) ? $"-f: \"{file}\" is a directory, not a file" : $"-f: there is no file \"{file}\"");
    }

    private bool CheckNames(Manifest manifest)
    {
        var (_, ns, name) = manifest.Key!.Value;
        if (ns.Length > 0 && asked is not null && asked != ns)
            return Fault(manifest, $"metadata.namespace is \"{ns}\" and the command line says \"{asked}\": pass --namespace={ns}");
        if (ns.Length > 0 && ObjectName.Fault(ns) is { } wrongNamespace)
            return Fault(manifest, $"metadata.namespace: Invalid value: \"{ns}\": {wrongNamespace}");
        return ObjectName.Fault(name) is not { } wrongName || Fault(manifest, $"metadata.name: Invalid value: \"{name}\": {wrongName}");
    }

    private void CheckRule(Manifest manifest, List<Manifest> rules)
    {
        manifest.Root!["apiVersion"] ??= Names.GroupVersion;
        var read = RouteRuleReader.Read((JsonObject)manifest.Root);
        foreach (var warning in read.Warnings)
            notes.WriteLine($"warning: {manifest.Describe()}: {warning}");
        foreach (var error in read.Errors)
            Fault(manifest, error.ToString());
        if (read.Value is not null)
            rules.Add(manifest);
    }

    /// <summary>Accepts an object of our group whose kind is not known here. It is sent unchanged if the cluster serves its kind.</summary>
    private void CheckOther(Manifest manifest, List<Manifest> others)
    {
        var root = manifest.Root!;
        root["apiVersion"] ??= Names.GroupVersion;
        if (InputObjects.VersionOf(root) is null)
            Fault(manifest, $"kind {manifest.Key!.Value.Kind} is not known: only objects of {Names.Group} are sent");
        else
            others.Add(manifest);
    }

    private bool Fault(Manifest manifest, string fault)
    {
        _faults.Add($"{manifest.Describe()}: {fault}");
        return false;
    }
}
