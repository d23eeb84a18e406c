using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace ChatBackend.Server;

/// <summary>Where the server's lines go: readable on the console of a developer, one JSON object each everywhere else.</summary>
internal static class ServerLog
{
    private const string Readable = "{Timestamp:HH:mm:ss.fff} {Level:u3} {SourceContext} {Message:lj} {Connection} {User} {Thread} {Run}{NewLine}{Exception}";

    // A write costs as much for one line as for many. Where the reader of the lines has stopped, the newest are dropped and the server goes on.
    private static readonly BatchingOptions Gathering = new() { BufferingTimeLimit = TimeSpan.FromMilliseconds(50), BatchSizeLimit = 1000, QueueLimit = 20_000 };

    private static readonly TimeSpan WriteBound = TimeSpan.FromSeconds(2);

    // The host and Kestrel each report a failed start with a stack; Fatal says it in one line, once.
    private static readonly HashSet<string> SaidByFatal = ["Hosting failed to start", "Unable to start Kestrel."];

    // A start that fails cancels services that were about to begin, and the host takes that for their failure.
    private static bool IsServiceThatNeverRan(LogEvent line) =>
        line.Exception is TaskCanceledException
        && line.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
        && source is ScalarValue { Value: "Microsoft.Extensions.Hosting.Internal.Host" };

    // Its silo reports each part of a start that was cancelled as an error.
    private static bool IsOfOrleans(LogEvent line) =>
        line.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
        && source is ScalarValue { Value: string name } && name.StartsWith("Orleans.", StringComparison.Ordinal);

    /// <summary>For what goes wrong before the configuration is read.</summary>
    public static Logger UntilConfigured() => new LoggerConfiguration().WriteTo.Console(outputTemplate: Readable).CreateLogger();

    public static Logger AddServerLog(this WebApplicationBuilder builder, StopSignals stop)
    {
        var logger = new LoggerConfiguration()
            .ReadFrom.Configuration(builder.Configuration)
            .Filter.ByExcluding(line => SaidByFatal.Contains(line.MessageTemplate.Text) || IsServiceThatNeverRan(line) || (stop.CutTheStartShort && IsOfOrleans(line)))
            .Enrich.FromLogContext()
            .WriteTo.Configured(builder.Environment)
            .CreateLogger();
        builder.Services.AddSerilog(logger);
        return logger;
    }

    /// <summary>One line that says what to do something about; the stack only where details were asked for.</summary>
    public static void Fatal(Logger log, Exception failure)
    {
        var cause = failure.GetBaseException();
        var reason = failure.Message.Contains(cause.Message, StringComparison.OrdinalIgnoreCase)
            ? failure.Message
            : $"{failure.Message} ({cause.Message})";
        log.Fatal("ChatBackend cannot run: {Reason}", reason.ReplaceLineEndings(" "));
        log.Debug(failure, "Where that came from");
    }

    /// <summary>Every part that was about to start was told to give up, and each reports it in its own way.</summary>
    public static void Interrupted(Logger log, Exception interrupted)
    {
        log.Information("ChatBackend was told to end while it started");
        log.Debug(interrupted, "Where the start ended");
    }

    /// <summary>Writes the lines that wait, in bounded time: their reader may hang.</summary>
    public static Task EndAsync(Logger log) => Task.WhenAny(log.DisposeAsync().AsTask(), Task.Delay(WriteBound, TimeProvider.System));

    private static LoggerConfiguration Configured(this LoggerSinkConfiguration sink, IHostEnvironment environment) =>
        environment.IsDevelopment()
            ? sink.Console(outputTemplate: Readable)
            : sink.Sink(new StandardOutput(new RenderedCompactJsonFormatter()), Gathering);
}
