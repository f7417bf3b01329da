using System.Globalization;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The settings of the garbage collector for a pod with a memory limit. The runtime knows the limit from its control group; the settings
/// say how much of it the heap may use.
/// </summary>
internal static class GarbageCollection
{
    /// <summary>
    /// The heap's share of the pod's limit, in per cent. The rest is for memory that the kernel counts as well: code, stacks, TLS and
    /// socket buffers. Beyond this share an allocation fails, which fails one request. Beyond the pod's limit the kernel ends the process.
    /// </summary>
    private const int HeapPercent = 70;

    // How eagerly the heap is compacted, from 0 to 9, so that memory is returned after a burst.
    private const int ConserveMemory = 5;

    /// <summary>Returns the items of <c>env</c> as YAML. The runtime reads the numbers as hexadecimal.</summary>
    /// <param name="indentation">The indentation of every line but the first.</param>
    public static string Environment(string indentation)
    {
        (string Name, string Value)[] settings =
        [
            // There is one heap. With one for each processor of the node, most of the limit could not be used.
            ("DOTNET_gcServer", "0"),
            ("DOTNET_GCHeapHardLimitPercent", HeapPercent.ToString("X", CultureInfo.InvariantCulture)),
            ("DOTNET_GCConserveMemory", ConserveMemory.ToString("X", CultureInfo.InvariantCulture)),
        ];
        return string.Join('\n' + indentation, settings.SelectMany(s => new[] { $"- name: {s.Name}", $"  value: \"{s.Value}\"" }));
    }
}
