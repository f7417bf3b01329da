using System.Globalization;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>Prints what an attack did to a pod and to other clients as a row for docs/reliability.md, and judges it.</summary>
internal static class Figures
{
    /// <summary>
    /// The longest time that another client's request may take during an attack: the deadline of the strictest webhook. The attackers
    /// share the processors with what they attack, so what is printed is what is worth reading.
    /// </summary>
    private static readonly TimeSpan WorstP99 = TimeSpan.FromSeconds(3);

    private static readonly string File = Path.Combine(Paths.Repository, "out", "attacks.md");

    /// <summary>Writes the row down, whatever it says.</summary>
    public static void Report(string attack, Pod pod, PodSpec spec, ProbeFigures before, ProbeFigures during)
    {
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {attack} | {before} | {during} | {pod.Group.Peak / 1048576.0:0} of {spec.MemoryLimit / 1048576.0:0} MiB{(pod.IsRunning ? "" : ", ended")} |"
        );
        TestContext.Current.TestOutputHelper?.WriteLine(row);
        Console.WriteLine(row);
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.AppendAllText(File, row + "\n");
    }

    /// <summary>Asserts that the pod is still running and that other clients were not affected.</summary>
    public static void Judge(Pod pod, ProbeFigures during)
    {
        Assert.True(pod.IsRunning, $"the pod has ended: {pod.Log}");
        Assert.Equal(0, pod.Group.Killed);
        Assert.True(during.Sent > 0, "no request of the other service has come to an end");
        Assert.True(during.Failed == 0, $"{during}: {string.Join("; ", during.Failures)}");
        Assert.True(during.P99 < WorstP99, $"{during}");
    }
}
