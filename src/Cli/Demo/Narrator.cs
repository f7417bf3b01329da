using System.Globalization;

namespace Turnpike.Cli.Demo;

/// <summary>Something did not go as the walkthrough says.</summary>
internal sealed class DemoFailure(string message) : Exception(message);

/// <summary>Tells the walkthrough: a paragraph a step, each with what a user would type and what came back.</summary>
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
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{_steps} steps, each as it should be, in {time.GetElapsedTime(_started).TotalSeconds:0} s."));

    public void Fail(string reason) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nFAILED in step {_steps} ({_title}): {reason}"));
}
