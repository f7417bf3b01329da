using Turnpike.Cli.Demo;
using Turnpike.Cli.Manifests;
using Turnpike.Compiler;

namespace Turnpike.Cli.Serving;

/// <summary>
/// Compiles the samples once and discards the result, so that readers, validators and compiler are jitted before the user's first change.
/// Otherwise
/// that would take longer than the change itself.
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
                    store.Put(manifest.Key!.Value, ReadObject.From(manifest.Root));
            }
        }
        RouteCompiler.Compile(store.Snapshot().Snapshot);
    }
}
