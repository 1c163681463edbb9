using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.Options;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>Where agents connect: registers each at its node's grain and then runs its session.</summary>
internal sealed partial class AgentEndpoint(
    IGrainFactory grains, AgentAdmission admission, TaskSpecJson specs, IOptions<CellOptions> cell, ServiceFollower follower,
    TimeProvider time, GatewayTelemetry telemetry, IHostApplicationLifetime lifetime, ILogger<AgentEndpoint> logger)
    : AgentGateway.AgentGatewayBase
{
    private static readonly TimeSpan RegisterDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DisconnectDeadline = TimeSpan.FromSeconds(5);

    public override async Task Connect(
        IAsyncStreamReader<FromAgent> requestStream, IServerStreamWriter<ToAgent> responseStream, ServerCallContext context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var first = await ReadRegistration(requestStream, stop.Token);
        if (first.Value is { } registration)
        {
            await Serve(registration, requestStream, responseStream, stop.Token);
        }
        else
        {
            LogRefused(context.Peer, first.Problem!.Code, first.Problem.Message);
            await responseStream.WriteAsync(Refused(first.Problem), stop.Token);
        }
    }

    private async Task<Answer<AgentRegistration>> ReadRegistration(
        IAsyncStreamReader<FromAgent> requests, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(RegisterDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            if (await requests.MoveNext(either.Token) && requests.Current.Register is { } register) return AgentRegistration.Read(register);
            return Problem.Of(ProblemKind.Invalid, "register-expected", "The first message of a session is Register.");
        }
        catch (OperationCanceledException exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Unavailable(exception);   // agents call a gateway that ends until it is gone: nothing that anybody has to read about
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Problem.Of(
                ProblemKind.Unavailable, "register-expected", $"No Register came within {RegisterDeadline.TotalSeconds:0} s.");
        }
    }

    private async Task Serve(
        AgentRegistration registration, IAsyncStreamReader<FromAgent> requests, IServerStreamWriter<ToAgent> responses,
        CancellationToken cancellationToken)
    {
        var node = registration.Node.Id;
        var grain = grains.GetGrain<INodeGrain>(node);
        var session = new AgentSession(node, grain, specs, cell.Value.HeartbeatPeriod, follower, time, logger);
        var reference = grains.CreateObjectReference<IAgentSession>(session);
        try
        {
            var answer = await admission.Register(
                () => Ask(grain.Register(
                    registration.Node, registration.Attempts, registration.LedgerEpoch, reference, cancellationToken)), cancellationToken);
            if (answer.Value is { } receipt)
            {
                await Run(session, node, grain, receipt, requests, responses, cancellationToken);
            }
            else
            {
                LogRefused(node, answer.Problem!.Code, answer.Problem.Message);
                await responses.WriteAsync(Refused(answer.Problem), cancellationToken);
            }
        }
        finally
        {
            grains.DeleteObjectReference<IAgentSession>(reference);

            // The runtime holds the session weakly.
            GC.KeepAlive(session);
        }
    }

    private async Task Run(
        AgentSession session, string node, INodeGrain grain, RegisterReceipt receipt,
        IAsyncStreamReader<FromAgent> requests, IServerStreamWriter<ToAgent> responses, CancellationToken cancellationToken)
    {
        telemetry.Agents.Add(1);

        // Heartbeats and reports of days would all belong to the one request that is this session: what they lead to is not traced.
        using var untraced = new Activity("agent-session") { ActivityTraceFlags = ActivityTraceFlags.None }.Start();
        LogConnected(node, receipt.Generation);
        var reason = "cut off";
        try
        {
            reason = await session.Run(receipt, requests, responses, cancellationToken);
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            reason = lifetime.ApplicationStopping.IsCancellationRequested ? "gateway stops" : "cut off";
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            reason = exception.Message;
            throw Unavailable(exception);
        }
        finally
        {
            telemetry.Agents.Add(-1);
            LogDisconnected(node, receipt.Generation, reason);
            await Disconnect(node, grain, receipt.Generation);
        }
    }

    private async Task<Answer<RegisterReceipt>> Ask(Task<Answer<RegisterReceipt>> registering)
    {
        try
        {
            return await registering.WaitAsync(RegisterDeadline, time);
        }
        catch (Exception exception) when (Failures.OfGrainCall(exception, HttpMethods.Post) is not null)
        {
            throw Unavailable(exception);
        }
    }

    private async Task Disconnect(string node, INodeGrain grain, long generation)
    {
        try
        {
            await grain.Disconnect(generation, CancellationToken.None).WaitAsync(DisconnectDeadline, time);
        }
        catch (Exception exception)
        {
            // The node notices the silence by itself, only later.
            LogDisconnectLost(node, exception.Message);
        }
    }

    private static ToAgent Refused(Problem problem) => AgentMessages.Refused(
        problem.Code, problem.Message,
        retry: problem.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown or ProblemKind.Conflict);

    /// <summary>The agent connects again and repeats what was not acknowledged.</summary>
    private static RpcException Unavailable(Exception exception) =>
        new(new Grpc.Core.Status(StatusCode.Unavailable, "the cell cannot be reached just now", exception));

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node}: agent connected, generation {Generation}")]
    private partial void LogConnected(string node, long generation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node}: agent of generation {Generation} disconnected: {Reason}")]
    private partial void LogDisconnected(string node, long generation, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Agent {Agent} refused ({Code}): {Reason}")]
    private partial void LogRefused(string agent, string code, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node}: its grain could not be told that the agent is gone: {Reason}")]
    private partial void LogDisconnectLost(string node, string reason);
}
