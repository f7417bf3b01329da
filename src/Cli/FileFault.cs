namespace Turnpike.Cli;

/// <summary>Describes a failure to read or write a file under the name that the user gave, never under that of a temporary file.</summary>
internal static class FileFault
{
    /// <summary>Returns true for the exceptions of files.</summary>
    public static bool Is(Exception e) => e is IOException or UnauthorizedAccessException;

    public static string Reading(string file, Exception e) => e switch
    {
        _ when Directory.Exists(file) => $"\"{file}\" is a directory, not a file",
        FileNotFoundException or DirectoryNotFoundException => $"there is no file \"{file}\"",
        UnauthorizedAccessException => $"\"{file}\" cannot be read: permission denied",
        _ => $"\"{file}\" cannot be read: {Reason(e)}",
    };

    public static string Writing(string file, Exception e) => e switch
    {
        _ when Directory.Exists(file) => $"\"{file}\" is a directory, not a file",
        DirectoryNotFoundException =>
            $"\"{file}\" cannot be written: there is no directory \"{Path.GetDirectoryName(Path.GetFullPath(file))}\"",
        UnauthorizedAccessException => $"\"{file}\" cannot be written: permission denied",
        _ => $"\"{file}\" cannot be written: {Reason(e)}",
    };

    /// <summary>Returns the system's message without the path that .NET appends, which may be that of a temporary file.</summary>
    private static string Reason(Exception e)
    {
        var message = CommandException.OneLine(e.Message).TrimEnd('.');
        var path = message.IndexOf(" : '", StringComparison.Ordinal);
        return e is PathTooLongException ? "its path is too long" : path < 0 ? message : message[..path];
    }
}
