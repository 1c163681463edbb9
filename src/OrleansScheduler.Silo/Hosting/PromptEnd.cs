using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Ends the process at once when the silo may not go on, above all when the others have declared it dead. Orleans' own handler sleeps for
/// two seconds first, in which grains that live elsewhere by then would still run here.
/// </summary>
internal sealed partial class PromptEnd(ILogger<PromptEnd> logger) : IFatalErrorHandler
{
    /// <summary>The process's exit code: whoever watches over it should start it again.</summary>
    public const int ExitCode = 75;

    public bool IsUnexpected(Exception exception) => exception is not OperationCanceledException;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        LogFatal(sender, context, exception);
        Console.Error.WriteLine($"osched: the silo ends at once: {context} {exception?.Message}".TrimEnd());
        Console.Error.Flush();

        // Not Environment.Exit, which waits for handlers that wait for grains.
        if (OperatingSystem.IsWindows()) Environment.FailFast(context, exception);
        Leave(ExitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Leave(int code);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Sender}: {Context}")]
    private partial void LogFatal(object? sender, string? context, Exception? exception);
}
