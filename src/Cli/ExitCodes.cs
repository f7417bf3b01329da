namespace Turnpike.Cli;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The input is not valid, or the command failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line is not valid.</summary>
    public const int Usage = 2;

    /// <summary>The answer is not known, because the cluster does not respond or does not show enough.</summary>
    public const int CannotTell = 3;

    /// <summary>Any failure of the program when it is called as istioctl.</summary>
    public const int Istioctl = 255;
}
