namespace Turnpike.Tests.Support.Kubernetes;

/// <summary>One call of a program and what it wrote.</summary>
public sealed record ProgramRun(string CommandLine, int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The output of a call that must have succeeded.</summary>
    public string Expect()
    {
        Assert.True(ExitCode == 0, $"{CommandLine} ended with {ExitCode}: {Error}{Output}");
        return Output;
    }
}
