using System.Globalization;

namespace Turnpike.Cli.Demo;

/// <summary>Reports that a step of the walkthrough failed.</summary>
internal sealed class DemoFailure(string message) : Exception(message);

/// <summary>Prints the walkthrough: a paragraph for each step with the commands that a user would type and their output.</summary>
internal sealed class Narrator(TextWriter output, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private int _steps;
    private string _title = "";

    public void Step(string title, string text)
    {
        _title = title;
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{++_steps}. {title}"));
        foreach (var line in text.Split('\n'))
            output.WriteLine($"   {line}".TrimEnd());
    }

    public void Command(string command)
    {
        var lines = command.TrimEnd().Split('\n');
        output.WriteLine();
        output.WriteLine($"   $ {lines[0]}");
        foreach (var line in lines.Skip(1))
            output.WriteLine($"     {line}".TrimEnd());
    }

    public void Result(string text)
    {
        foreach (var line in text.TrimEnd().Split('\n'))
            output.WriteLine($"   {line}".TrimEnd());
        output.Flush();
    }

    public void Note(string text)
    {
        output.WriteLine();
        Result(text);
    }

    public void Succeed() =>
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"\nAll {_steps} steps succeeded in {time.GetElapsedTime(_started).TotalSeconds:0} s."));

    public void Fail(string reason) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nFAILED in step {_steps} ({_title}): {reason}"));
}
