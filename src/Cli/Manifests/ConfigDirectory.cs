using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Cli.Manifests;

/// <summary>
/// A directory of manifests in the place of a cluster: its objects as of the last <see cref="Load"/>, with the last good version of
/// whatever is broken now. Not thread-safe.
/// </summary>
internal sealed class ConfigDirectory(string path, string defaultNamespace, Profile profile)
{
    private readonly ObjectStore _store = new(profile);
    private readonly Dictionary<string, LoadedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, Manifest> _applied = [];

    /// <summary>Where redirects to HTTPS lead, unless the mesh settings say it.</summary>
    public int HttpsPort { get; set; } = 443;

    /// <summary>The directory that a command line names.</summary>
    /// <exception cref="CommandException">It is not there.</exception>
    public static ConfigDirectory Open(string path, string defaultNamespace, Profile profile) => Directory.Exists(path)
        ? new ConfigDirectory(path, defaultNamespace, profile)
        : throw new CommandException($"--config-dir: there is no directory \"{path}\"");

    /// <summary>Reads what has changed since the last call, and compiles.</summary>
    /// <exception cref="DirectoryNotFoundException">The directory is not there.</exception>
    public LoadedConfig Load()
    {
        var problems = new List<string>();
        ReadFiles(problems);
        ApplyObjects(problems);
        var (snapshot, invalid) = _store.Snapshot();
        snapshot = snapshot with { DefaultEndpointAddresses = EndpointAddresses.Any, DefaultHttpsRedirectPort = HttpsPort };
        var compilation = RouteCompiler.Compile(snapshot);
        var diagnostics = invalid.AddRange(compilation.Diagnostics);
        problems.AddRange(diagnostics.Select(Describe));
        if (compilation.Table.VirtualHostCount == 0)
            problems.Add($"warning: nothing to serve: no Ingress of class {snapshot.Mesh.IngressClass} in {path} (found: {FoundObjects.Describe(_files.Values.SelectMany(f => f.Objects), path)})");
        return new LoadedConfig(RouteTableJson.WithVersion(compilation.Table), snapshot, diagnostics, [.. problems]);
    }

    private void ReadFiles(List<string> problems)
    {
        var names = ManifestFiles.Of(path).Select(f => Path.GetFileName(f)).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _files.Keys.Where(f => !names.Contains(f)).ToList())
            _files.Remove(gone);
        foreach (var name in names)
        {
            var file = Path.Combine(path, name);
            var stamp = Stamp.Of(file);
            if (!_files.TryGetValue(name, out var loaded) || loaded.Stamp != stamp)
            {
                var manifests = ManifestReader.ReadFound(file, name, defaultNamespace);
                var errors = manifests.Where(m => m.Error is not null).ToList();
                // With a fault in its syntax nobody knows what else the file was meant to say: it stays as it was.
                var objects = errors.Count > 0 && loaded is not null ? loaded.Objects : [.. manifests.Where(m => m.Error is null)];
                _files[name] = loaded = new LoadedFile(stamp, objects, [.. errors]);
            }
        }
        foreach (var error in _files.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value.Errors))
            problems.Add($"error: {error.Describe()}: {error.Error}");
    }

    private void ApplyObjects(List<string> problems)
    {
        var current = new Dictionary<ObjectKey, Manifest>();
        foreach (var manifest in _files.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value.Objects))
        {
            if (!ObjectStore.Reads(manifest.Root!))
            {
                KeepWhatWasMeant(manifest, current, problems);
                continue;
            }
            if (!current.TryAdd(manifest.Key!.Value, manifest))
                problems.Add($"error: {manifest.Describe()}: left out, since {current[manifest.Key.Value].Location} defines it already");
        }
        foreach (var (key, manifest) in current)
        {
            if (!_applied.TryGetValue(key, out var applied) || !ReferenceEquals(applied.Root, manifest.Root))
                _store.Put(key, ReadObject.From(manifest.Root!, profile));
            _applied[key] = manifest;
        }
        foreach (var gone in _applied.Keys.Where(k => !current.ContainsKey(k)).ToList())
        {
            _applied.Remove(gone);
            _store.Remove(gone);
        }
    }

    /// <summary>
    /// An object whose kind was misspelt is not there any more for whoever looks for its kind: it stays as it was, as it does with any
    /// other fault.
    /// </summary>
    private void KeepWhatWasMeant(Manifest manifest, Dictionary<ObjectKey, Manifest> current, List<string> problems)
    {
        if (KindSpelling.DoubtOf(manifest.Root!) is not { } doubt)
            return;
        var key = manifest.Key!.Value with { Kind = doubt.Kind ?? "" };
        var kept = "";
        // A kind that is not known has been given a namespace, be it one of the cluster's.
        foreach (var meant in (ObjectKey[])[key, key with { Namespace = "" }])
        {
            if (_applied.TryGetValue(meant, out var before) && before.Location.File == manifest.Location.File && current.TryAdd(meant, before))
                kept = $" ({meant} that was here stays in force)";
        }
        problems.Add($"{(doubt.IsError || kept.Length > 0 ? "error" : "warning")}: {manifest.Describe()}: {doubt.Message}{kept}");
    }

    private string Describe(Diagnostic diagnostic)
    {
        var severity = diagnostic.Severity == DiagnosticSeverity.Error ? "error" : "warning";
        var where = _applied.TryGetValue(diagnostic.Subject, out var manifest) ? manifest.Describe() : diagnostic.Subject.ToString();
        var reason = diagnostic.Reason == DiagnosticReasons.Invalid ? "" : $"{diagnostic.Reason}: ";
        return $"{severity}: {where}: {reason}{diagnostic.AdminMessage ?? diagnostic.Message}";
    }

    private sealed record LoadedFile(Stamp Stamp, ImmutableArray<Manifest> Objects, ImmutableArray<Manifest> Errors);

    /// <summary>Tells whether a file may have changed without reading it.</summary>
    private readonly record struct Stamp(DateTime Written, long Length, string? Target)
    {
        public static Stamp Of(string file)
        {
            try
            {
                var info = new FileInfo(file);
                // A mounted ConfigMap changes where its links lead, not the links.
                var target = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
                var actual = target ?? info;
                return actual.Exists ? new Stamp(actual.LastWriteTimeUtc, actual.Length, target?.FullName) : default;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A link that leads back to itself, for example. What is wrong with it comes up when it is read.
                return default;
            }
        }
    }
}

/// <summary>The outcome of one load.</summary>
/// <param name="Problems">One line each, by file, document and field: first what cannot be read, then what is wrong with single objects.</param>
internal sealed record LoadedConfig(
    Routing.RouteTable Table, ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<string> Problems)
{
    public bool HasErrors => Problems.Any(p => p.StartsWith("error: ", StringComparison.Ordinal));
}
