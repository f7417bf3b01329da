using System.Globalization;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The settings of the garbage collector for a pod with a memory limit. The runtime sees the limit of its control group; these say
/// what it makes of it.
/// </summary>
internal static class GarbageCollection
{
    /// <summary>
    /// What the heap may take of the pod's limit. The rest is for what the kernel counts to the pod as well: code, stacks, TLS, and what
    /// sockets hold. Beyond it an allocation fails, which costs one request; beyond the limit of the pod the kernel ends all of them.
    /// </summary>
    private const int HeapPercent = 70;

    // How much of the heap may lie fallow before it is compacted: memory that a burst took is given back when it is over.
    private const int ConserveMemory = 5;

    /// <summary>Items of <c>env</c>, as YAML. The runtime reads the numbers as hexadecimal.</summary>
    /// <param name="indentation">Of every line but the first.</param>
    public static string Environment(string indentation)
    {
        (string Name, string Value)[] settings =
        [
            // One heap: with one for each processor of the node, most of the limit would be nobody's.
            ("DOTNET_gcServer", "0"),
            ("DOTNET_GCHeapHardLimitPercent", HeapPercent.ToString("X", CultureInfo.InvariantCulture)),
            ("DOTNET_GCConserveMemory", ConserveMemory.ToString("X", CultureInfo.InvariantCulture)),
        ];
        return string.Join('\n' + indentation, settings.SelectMany(s => new[] { $"- name: {s.Name}", $"  value: \"{s.Value}\"" }));
    }
}
