using System.Text;

namespace Turnpike.Cli.Injection;

/// <summary>All that kube-inject touches of the world around it.</summary>
/// <param name="Output">Where the manifest or the diff goes.</param>
/// <param name="Error">One line each for errors, warnings and notes.</param>
/// <param name="ReadFile">The text of a file, or of standard input for <c>-</c>.</param>
/// <param name="WriteFile">Replaces a file's text.</param>
/// <param name="HasColour">Whether <paramref name="Output"/> is a terminal that shows colours.</param>
internal sealed record KubeInjectIo(
    TextWriter Output, TextWriter Error, Func<string, string> ReadFile, Action<string, string> WriteFile, bool HasColour)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static KubeInjectIo Real(TextWriter output, TextWriter error)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        var hasColour = isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new KubeInjectIo(output, error, Read, Write, hasColour);
    }

    private static void Write(string file, string text)
    {
        try
        {
            File.WriteAllBytes(file, Utf8.GetBytes(text));
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new CommandException($"--output: {FileFault.Writing(file, e)}");
        }
    }

    /// <summary>Every byte counts, a byte order mark too: what is not touched must come out as it went in.</summary>
    private static string Read(string file)
    {
        try
        {
            using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return Utf8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException)
        {
            throw new CommandException($"{(file == "-" ? "standard input" : file)} is not UTF-8 text");
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new CommandException(FileFault.Reading(file == "-" ? "standard input" : file, e));
        }
    }
}
