using System.Diagnostics;
using System.Text;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>A program of ours in a control group of its own, with the memory and the environment of its pod.</summary>
internal sealed class Pod : IAsyncDisposable
{
    /// <summary>The name by which proxies know the operator, and which its certificate is for.</summary>
    public const string OperatorHost = "turnpike-operator.istio-system.svc";

    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private Pod(Process process, ControlGroup group)
    {
        _process = process;
        Group = group;
    }

    public ControlGroup Group { get; }

    public bool IsRunning => !_process.HasExited;

    /// <summary>All that it has written, and how it ended.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return (
                        IsRunning
                            ? "running\n"
                            : $"exit code {_process.ExitCode}, killed by the kernel for want of memory: {Group.Killed}\n") + _log;
            }
        }
    }

    /// <summary>Starts a program as its pod would.</summary>
    /// <param name="program">A program in <c>out/bin</c>.</param>
    /// <param name="spec">Its limit and environment.</param>
    /// <param name="variables">More of its environment.</param>
    /// <param name="arguments">Its command line.</param>
    public static Pod Start(string program, PodSpec spec, IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var path = Path.Combine(Paths.Programs, program);
        Assert.True(File.Exists(path), $"{path} is not there: run make build");
        var group = new ControlGroup(spec.MemoryLimit);
        // The shell joins the group and becomes the program, so that all of it counts from its first page on. The program has an
        // /etc/hosts of its own, which stands for the cluster's DNS.
        var hosts = Path.GetTempFileName();
        File.WriteAllText(hosts, $"127.0.0.1 localhost {OperatorHost}\n");
        const string script = "echo $$ >\"$0\" && mount --bind \"$1\" /etc/hosts && rm \"$1\" && shift && exec \"$@\"";
        var start = new ProcessStartInfo("unshare", ["--mount", "/bin/sh", "-c", script, group.ProcessesFile, hosts, path, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in spec.Environment.Concat(variables))
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var pod = new Pod(process, group);
        process.OutputDataReceived += pod.Take;
        process.ErrorDataReceived += pod.Take;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return pod;
    }

    /// <summary>The rest of the first line that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        await Wait.Until(() => Find() is not null || !IsRunning, $"a line that begins with '{beginning}'", limit: TimeSpan.FromSeconds(60));
        return Find() ?? throw new InvalidOperationException($"the program has ended, and no line begins with '{beginning}': {Log}");

        string? Find() => Log.Split('\n').FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal))?[beginning.Length..];
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        await Group.DisposeAsync();
    }

    private void Take(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
        {
            // A flood may make it write a lot; the beginning tells why.
            if (line.Data is not null && _log.Length < 1 << 20)
                _log.Append(line.Data).Append('\n');
        }
    }
}
