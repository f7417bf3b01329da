using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Turnpike.Cli.Manifests;

/// <summary>
/// Finds and reads manifest files. A file that the user named may be anything, such as a pipe. One that was found in a directory must be a
/// regular
/// file, because a pipe would block its reader for ever. Either is read up to a limit.
/// </summary>
internal static partial class ManifestFiles
{
    /// <summary>A larger file is refused: it is not a manifest.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>The depth to which directories below the named one are searched.</summary>
    private const int MaxDepth = 32;

    /// <summary>
    /// Returns the manifest files of a directory (<c>*.yaml</c>, <c>*.yml</c>, <c>*.json</c>) without hidden ones, in ordinal order.
    /// </summary>
    public static IEnumerable<string> Of(string directory) =>
        Directory.EnumerateFiles(directory).Where(IsManifest).Order(StringComparer.Ordinal);

    /// <summary>Returns the manifest files of a directory and of all directories below it. Links to directories are not followed.</summary>
    public static IEnumerable<string> Below(string directory, int depth = 0)
    {
        foreach (var file in Of(directory))
            yield return file;
        if (depth == MaxDepth)
            yield break;
        var folders = new DirectoryInfo(directory).EnumerateDirectories()
            .Where(d => !IsHidden(d.Name) && d.LinkTarget is null)
            .OrderBy(d => d.Name, StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            foreach (var file in Below(Path.Combine(directory, folder.Name), depth + 1))
                yield return file;
        }
    }

    /// <summary>Returns the text of a file that was found in a directory.</summary>
    /// <exception cref="ManifestFileException">The file cannot be opened, is not a regular file or is too large.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string ReadFound(string path)
    {
        using var handle = OpenRegular(path);
        return Decode(handle);
    }

    /// <summary>Returns the text of a file that the user named.</summary>
    /// <exception cref="ManifestFileException">The file is too large.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string ReadNamed(string path)
    {
        using var handle = File.OpenHandle(path);
        return Decode(handle);
    }

    private static bool IsManifest(string path) =>
        !IsHidden(Path.GetFileName(path)) && Path.GetExtension(path) is ".yaml" or ".yml" or ".json";

    private static bool IsHidden(string name) => name.StartsWith('.');

    /// <summary>Whatever it says of its length: a file may grow while it is read, and a device has none.</summary>
    private static string Decode(SafeFileHandle handle)
    {
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        using var bytes = new MemoryStream();
        var buffer = new byte[128 * 1024];
        while (stream.Read(buffer) is > 0 and var count)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > MaxBytes)
                throw new ManifestFileException($"is larger than the limit of {MaxBytes} bytes");
        }
        bytes.Position = 0;
        using var reader = new StreamReader(bytes, Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    private static SafeFileHandle OpenRegular(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.OpenHandle(path);
        // Without O_NONBLOCK, opening a pipe blocks until there is a writer.
        const int flags = Linux.ReadOnly | Linux.NonBlocking | Linux.CloseOnExec | Linux.NoTerminal;
        var handle = new SafeFileHandle(Linux.Open(path, flags), ownsHandle: true);
        if (handle.IsInvalid)
        {
            var fault = Marshal.GetLastPInvokeError();
            throw new ManifestFileException(Linux.Explain(fault));
        }
        if (Linux.KindOf(handle) is { } kind)
        {
            handle.Dispose();
            throw new ManifestFileException($"is {kind}, not a file");
        }
        return handle;
    }

    /// <summary>
    /// The few system calls that .NET does not offer. The constants are the same on every Linux architecture that .NET supports.
    /// </summary>
    private static partial class Linux
    {
        public const int ReadOnly = 0;
        public const int NonBlocking = 0x800;
        public const int CloseOnExec = 0x80000;
        public const int NoTerminal = 0x100;

        private const int ThisHandle = 0x1000; // AT_EMPTY_PATH
        private const uint TypeWanted = 1; // STATX_TYPE
        private const int ModeOffset = 28; // of stx_mode in struct statx
        private const int TypeMask = 0xF000;

        /// <summary>Returns the kind of a handle that is not a regular file; null if it is one.</summary>
        public static string? KindOf(SafeFileHandle handle)
        {
            var status = new byte[256];
            if (Statx(handle, "", ThisHandle, TypeWanted, status) != 0)
                throw new ManifestFileException("cannot be examined");
            return (BitConverter.ToUInt16(status, ModeOffset) & TypeMask) switch
            {
                0x8000 => null,
                0x1000 => "a pipe",
                0x2000 or 0x6000 => "a device",
                0x4000 => "a directory",
                0xC000 => "a socket",
                _ => "something else",
            };
        }

        public static string Explain(int error) => error switch
        {
            2 => "does not exist any more, or is a broken link",
            6 => "is a socket or a device, not a file",
            13 => "cannot be read: permission denied",
            40 => "is a link to itself",
            _ => $"cannot be read: {Marshal.GetPInvokeErrorMessage(error)}",
        };

        [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
        private static partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, [Out] byte[] status);
    }
}

/// <summary>The reason why a file is not read: the rest of a sentence that begins with its name.</summary>
internal sealed class ManifestFileException(string message) : IOException(message);
