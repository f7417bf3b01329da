namespace Turnpike.Cli;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The input is not valid, or what was asked for failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line is not valid.</summary>
    public const int Usage = 2;

    /// <summary>What was asked for cannot be told: the cluster does not answer, or does not show enough.</summary>
    public const int CannotTell = 3;

    /// <summary>Any failure, when called as istioctl.</summary>
    public const int Istioctl = 255;
}
