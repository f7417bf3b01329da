using System.Text;

namespace Turnpike.Cli.Injection;

/// <summary>The files and streams that kube-inject and convert use.</summary>
/// <param name="Output">Receives the manifest or the diff.</param>
/// <param name="Error">Receives a line for each error, warning and note.</param>
/// <param name="ReadFile">Returns the text of a file, or of standard input for <c>-</c>.</param>
/// <param name="WriteFile">Replaces the text of a file.</param>
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

    /// <summary>
    /// Reads a file without losing a byte, such as a byte order mark, because unchanged parts are written as they were read.
    /// </summary>
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
