using Turnpike.Cli.Manifests;

namespace Turnpike.Cli.Validation;

/// <summary>The manifests that a command line names: files, directories, standard input.</summary>
internal sealed class ManifestSet
{
    private readonly List<Manifest> _manifests = [];
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private ManifestSet()
    {
    }

    public IReadOnlyList<Manifest> Manifests => _manifests;

    /// <summary>Reads the manifests.</summary>
    /// <param name="sources">The files and directories as they were named.</param>
    /// <param name="recursive">Whether subdirectories are read too.</param>
    /// <param name="ns">The namespace of objects that name none.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="ct">Cancels the reading.</param>
    /// <exception cref="CommandException">A source does not exist, or there is no manifest in any of them.</exception>
    public static async Task<ManifestSet> ReadAsync(
        IReadOnlyList<string> sources, bool recursive, string ns, TextReader input, CancellationToken ct)
    {
        var missing = sources.Where(source => source != "-" && !Directory.Exists(source) && !File.Exists(source)).ToList();
        if (missing.Count > 0)
            throw new CommandException($"there is no file or directory {string.Join(", ", missing.Select(m => $"\"{m}\""))}");
        var set = new ManifestSet();
        foreach (var source in sources)
        {
            if (source == "-")
                set._manifests.AddRange(ManifestReader.ReadText(await input.ReadToEndAsync(ct), "stdin", ns));
            else if (Directory.Exists(source))
                set.AddDirectory(source, recursive, ns);
            else if (set.IsNew(source))
                set._manifests.AddRange(ManifestReader.ReadFile(source, source, ns));
        }
        if (set._manifests.Count == 0)
        {
            var searched = string.Join(", ", sources.Select(source => Missing(source, recursive)));
            throw new CommandException($"no manifest found in {searched}") { ExitCode = ExitCodes.Usage };
        }
        return set;
    }

    private void AddDirectory(string directory, bool recursive, string ns)
    {
        foreach (var file in (recursive ? ManifestFiles.Below(directory) : ManifestFiles.Of(directory)).Where(IsNew))
            _manifests.AddRange(ManifestReader.ReadFound(file, file, ns));
    }

    /// <summary>Returns true the first time. A file may be named and also be in a directory that is named.</summary>
    private bool IsNew(string file) => _read.Add(Path.GetFullPath(file));

    private static string Missing(string source, bool recursive)
    {
        if (source == "-")
            return "standard input";
        if (!Directory.Exists(source))
            return $"{source} (it contains no object)";
        if (!recursive && ManifestFiles.Below(source).Count() is > 0 and var below)
            return $"{source} (use -R: its subdirectories have {(below == 1 ? "1 file" : $"{below} files")})";
        var files = Directory.EnumerateFiles(source).Count();
        return ManifestFiles.Of(source).Any() ? $"{source} (its files contain no object)"
            : $"{source} (it has {(files == 0 ? "no file" : files == 1 ? "1 file" : $"{files} files")}, none of them *.yaml, *.yml or *.json)";
    }
}
