using System.Globalization;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>
/// A control group with a memory limit, as the kubelet makes one for a pod: version 2, or the memory hierarchy of version 1. Beyond
/// the limit the kernel ends what runs in it.
/// </summary>
internal sealed class ControlGroup : IAsyncDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private static readonly bool IsVersion2 = File.Exists(Path.Combine(Root, "cgroup.controllers"));
    private static int _count;

    private readonly string _path;

    public ControlGroup(long memoryLimit)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture, $"turnpike-attacks-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
        _path = IsVersion2 ? Path.Combine(Root, name) : Path.Combine(Root, "memory", name);
        if (IsVersion2)
            File.WriteAllText(Path.Combine(Root, "cgroup.subtree_control"), "+memory");
        Directory.CreateDirectory(_path);
        Write(IsVersion2 ? "memory.max" : "memory.limit_in_bytes", memoryLimit.ToString(CultureInfo.InvariantCulture));
        // The group has no swap, as on a node.
        if (IsVersion2 && File.Exists(Path.Combine(_path, "memory.swap.max")))
            Write("memory.swap.max", "0");
    }

    /// <summary>The file into which a process writes its id to join the group.</summary>
    public string ProcessesFile => Path.Combine(_path, "cgroup.procs");

    /// <summary>Memory of its processes that cannot be dropped, which is what the kubelet looks at too.</summary>
    public long WorkingSet => Current - Statistic(IsVersion2 ? "inactive_file" : "total_inactive_file");

    /// <summary>The most that the group has used, page cache included.</summary>
    public long Peak => Number(IsVersion2 ? "memory.peak" : "memory.max_usage_in_bytes");

    /// <summary>The number of processes that the kernel has ended for want of memory.</summary>
    public long Killed => Line(IsVersion2 ? "memory.events" : "memory.oom_control", "oom_kill");

    private long Current => Number(IsVersion2 ? "memory.current" : "memory.usage_in_bytes");

    public async ValueTask DisposeAsync()
    {
        if (!Directory.Exists(_path))
            return;
        // A group with processes in it cannot be removed, and one that has just ended is in it for a moment still.
        await Wait.Until(TryDelete, $"the end of {_path}");

        bool TryDelete()
        {
            try
            {
                Directory.Delete(_path);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_path, file), text);

    private long Number(string file) => long.Parse(File.ReadAllText(Path.Combine(_path, file)), CultureInfo.InvariantCulture);

    private long Statistic(string name) => Line("memory.stat", name);

    private long Line(string file, string name) =>
        File.ReadLines(Path.Combine(_path, file)).Select(line => line.Split(' ')).Where(words => words[0] == name)
            .Select(words => long.Parse(words[1], CultureInfo.InvariantCulture)).FirstOrDefault();
}
