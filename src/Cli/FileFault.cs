namespace Turnpike.Cli;

/// <summary>What went wrong with a file that the user named, in our words: by the name that the user gave, never by that of a temporary one.</summary>
internal static class FileFault
{
    /// <summary>Whether an exception is about a file at all.</summary>
    public static bool Is(Exception e) => e is IOException or UnauthorizedAccessException;

    public static string Reading(string file, Exception e) => e switch
    {
        _ when Directory.Exists(file) => $"\"{file}\" is a directory, not a file",
        FileNotFoundException or DirectoryNotFoundException => $"there is no file \"{file}\"",
        UnauthorizedAccessException => $"\"{file}\" cannot be read: you have no permission to",
        _ => $"\"{file}\" cannot be read: {Reason(e)}",
    };

    public static string Writing(string file, Exception e) => e switch
    {
        _ when Directory.Exists(file) => $"\"{file}\" is a directory, not a file",
        DirectoryNotFoundException => $"\"{file}\" cannot be written: there is no directory \"{Path.GetDirectoryName(Path.GetFullPath(file))}\"",
        UnauthorizedAccessException => $"\"{file}\" cannot be written: you have no permission to",
        _ => $"\"{file}\" cannot be written: {Reason(e)}",
    };

    /// <summary>What the system calls it; the path that .NET puts behind it may be that of a temporary file.</summary>
    private static string Reason(Exception e)
    {
        var message = CommandException.OneLine(e.Message).TrimEnd('.');
        var path = message.IndexOf(" : '", StringComparison.Ordinal);
        return e is PathTooLongException ? "its path is too long" : path < 0 ? message : message[..path];
    }
}
