using static OrleansScheduler.Core.UpdateStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class UpdateMachineTests
{
    /// <summary>Aurora's table, by its numbers: from the first to each of the others.</summary>
    private static readonly Dictionary<int, int[]> Aurora = new()
    {
        [0] = [1, 2, 9, 4, 6, 8, 7],
        [1] = [3, 10, 5, 6, 7, 8],
        [2] = [1, 0, 9, 6, 7],
        [3] = [1, 10, 6, 7],
        [9] = [1, 0, 2, 6, 7],
        [10] = [1, 3, 6, 7],
    };

    private static readonly UpdateStatus[] All = Enum.GetValues<UpdateStatus>();

    [Fact]
    public void Every_pair_of_states_is_legal_exactly_when_Aurora_has_the_edge()
    {
        Assert.Equal(11, All.Length);
        foreach (var from in All)
        {
            foreach (var to in All)
            {
                var expected = Aurora.TryGetValue((int)from, out var next) && next.Contains((int)to);
                Assert.True(expected == UpdateMachine.IsLegal(from, to), $"{from} to {to}");
            }
        }
    }

    [Fact]
    public void Only_states_that_have_not_ended_have_successors()
    {
        foreach (var status in All) Assert.Equal(status.IsActive(), UpdateMachine.Edges.ContainsKey(status));
    }

    [Fact]
    public void Every_command_leads_along_an_edge_or_stays_and_does_nothing_to_what_has_ended()
    {
        foreach (var from in All)
        {
            foreach (var verb in Enum.GetValues<UpdateVerb>())
            {
                foreach (var silent in (bool[])[false, true])
                {
                    var to = UpdateMachine.After(from, verb, silent);
                    if (!from.IsActive()) Assert.Null(to);
                    else Assert.True(to == from || UpdateMachine.IsLegal(from, to!.Value), $"{verb} leads from {from} to {to}");
                }
            }
        }
    }

    [Theory]
    [InlineData(RollingForward, UpdateVerb.Pause, false, RollForwardPaused)]
    [InlineData(RollForwardAwaitingPulse, UpdateVerb.Pause, true, RollForwardPaused)]
    [InlineData(RollingBack, UpdateVerb.Pause, false, RollBackPaused)]
    [InlineData(RollBackAwaitingPulse, UpdateVerb.Pause, true, RollBackPaused)]
    [InlineData(RollForwardPaused, UpdateVerb.Resume, false, RollingForward)]
    [InlineData(RollForwardPaused, UpdateVerb.Resume, true, RollForwardAwaitingPulse)]
    [InlineData(RollBackPaused, UpdateVerb.Resume, false, RollingBack)]
    [InlineData(RollBackPaused, UpdateVerb.Resume, true, RollBackAwaitingPulse)]
    [InlineData(RollForwardAwaitingPulse, UpdateVerb.Resume, true, RollForwardAwaitingPulse)]
    [InlineData(RollForwardAwaitingPulse, UpdateVerb.Pulse, false, RollingForward)]
    [InlineData(RollBackAwaitingPulse, UpdateVerb.Pulse, false, RollingBack)]
    [InlineData(RollForwardPaused, UpdateVerb.Pulse, false, RollForwardPaused)]
    [InlineData(RollForwardPaused, UpdateVerb.Rollback, true, RollingBack)]
    [InlineData(RollBackPaused, UpdateVerb.Rollback, true, RollingBack)]
    [InlineData(RollBackPaused, UpdateVerb.Abort, true, Aborted)]
    public void A_command_leads_where_Aurora_leads(UpdateStatus from, UpdateVerb verb, bool silent, UpdateStatus to) =>
        Assert.Equal(to, UpdateMachine.After(from, verb, silent));

    [Fact]
    public void Every_state_has_Auroras_name() => Assert.Equal(
        "ROLLING_FORWARD ROLLING_BACK ROLL_FORWARD_PAUSED ROLL_BACK_PAUSED ROLLED_FORWARD ROLLED_BACK ABORTED ERROR FAILED "
        + "ROLL_FORWARD_AWAITING_PULSE ROLL_BACK_AWAITING_PULSE",
        string.Join(' ', All.Select(status => status.ToName())));
}
