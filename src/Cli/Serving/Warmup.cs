using Turnpike.Cli.Demo;
using Turnpike.Cli.Manifests;
using Turnpike.Compiler;

namespace Turnpike.Cli.Serving;

/// <summary>
/// Compiles the samples once and throws the result away: the first change of a user then finds readers, validators and compiler
/// already translated to machine code, which would take longer than the change itself.
/// </summary>
internal static class Warmup
{
    public static void Run()
    {
        var store = new ObjectStore();
        foreach (var sample in DemoFiles.SampleNames)
        {
            foreach (var manifest in ManifestReader.ReadText(DemoFiles.Sample(sample), sample, "default"))
            {
                if (manifest.Root is not null && ObjectStore.Reads(manifest.Root))
                    store.Put(manifest.Key!.Value, manifest.Root);
            }
        }
        RouteCompiler.Compile(store.Snapshot().Snapshot);
    }
}
