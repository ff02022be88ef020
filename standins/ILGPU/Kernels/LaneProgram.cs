using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using ILGPU.Kernels.Compiler;

namespace ILGPU.Kernels;

/// <summary>A kernel whose threads can be left at a barrier and taken up again.</summary>
internal abstract class LaneProgram
{
    /// <summary>What a thread says that has reached its end. Other numbers are those of barriers, from one.</summary>
    public const int Finished = -1;

    private static readonly ConcurrentDictionary<MethodInfo, Lazy<LaneProgram?>> s_programs = new();

    /// <summary>The program of a kernel that needs one: those without barriers and shared memory are simply called.</summary>
    public static LaneProgram? Of(Delegate kernel) =>
        s_programs.GetOrAdd(kernel.Method, method => new(() => GroupMethods.Needs(method) ? LaneCompiler.Compile(method, kernel.Target) : null)).Value;

    public object? Target { get; set; }

    public abstract void Run(KernelConfig config, object[] arguments);
}

/// <typeparam name="TFrame">The variables of a thread.</typeparam>
internal sealed class LaneProgram<TFrame>(MethodInfo kernel, DynamicMethod resume, DynamicMethod enter) : LaneProgram where TFrame : struct
{
    private delegate int Resume(ref TFrame frame, int state);
    private delegate void Enter(ref TFrame frame, object[] arguments);

    private readonly Resume _resume = resume.CreateDelegate<Resume>();
    private readonly Enter _enter = enter.CreateDelegate<Enter>();
    private readonly ConcurrentBag<Threads> _threads = [];

    public override void Run(KernelConfig config, object[] arguments)
    {
        var start = default(TFrame);
        _enter(ref start, Target == null ? arguments : [Target, .. arguments]);
        var size = config.GroupDim.Size;
        Groups.Run(config.GridDim, config.GroupDim, lane =>
        {
            if (!_threads.TryTake(out var threads) || threads.Frames.Length < size)
                threads = new(size);
            try
            {
                RunGroup(lane, threads.Frames.AsSpan(0, size), threads.States.AsSpan(0, size), start);
            }
            finally
            {
                Array.Clear(threads.Frames);
                _threads.Add(threads);
            }
        });
    }

    /// <summary>Takes all threads to the next barrier, one after another, until none is left.</summary>
    private void RunGroup(Lane lane, Span<TFrame> frames, Span<int> states, TFrame start)
    {
        frames.Fill(start);
        states.Clear();
        while (true)
        {
            var barrier = Finished;
            for (var thread = 0; thread < states.Length; thread++)
            {
                if (states[thread] == Finished)
                    continue;
                lane.MoveTo(thread);
                var state = _resume(ref frames[thread], states[thread]);
                states[thread] = state;
                if (state == Finished)
                    continue;
                // Threads that have returned are not waited for; those that go on must meet.
                if (barrier != Finished && barrier != state)
                    throw new InvalidOperationException($"Threads of group {Grid.Index} of the kernel '{kernel.DeclaringType?.Name}.{kernel.Name}' wait at different barriers.");
                barrier = state;
            }
            if (barrier == Finished)
                return;
        }
    }

    /// <summary>Frames of a group. They do not move in memory: addresses of variables are among the variables.</summary>
    private sealed class Threads(int size)
    {
        public readonly TFrame[] Frames = GC.AllocateArray<TFrame>(size, pinned: true);
        public readonly int[] States = new int[size];
    }
}
