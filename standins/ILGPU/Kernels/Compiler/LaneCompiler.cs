using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Kernels.Compiler;

/// <summary>
/// Turns a kernel with barriers into a method that leaves at a barrier and comes back there: so one thread of the CPU can take all
/// threads of a group to a barrier, one after another, and then on to the next. The variables of a thread wait in a frame.
/// <para>
/// The kernel's code is copied as it is. Barriers become "save the variables, return the barrier's number", methods that have barriers
/// are copied into their callers, and allocations of shared memory say which place of the kernel they are.
/// </para>
/// </summary>
internal sealed class LaneCompiler
{
    private static readonly MethodInfo s_allocatesAt = typeof(Lane).GetMethod(nameof(Lane.AllocatesAt))!;

    private readonly List<Action<ILGenerator>> _code = [];
    private readonly List<Slot> _slots = [];
    private readonly List<Slot> _inScope = [];
    private readonly List<MethodBase> _chain = [];
    private readonly List<Mark> _barriers = [];
    private readonly MethodInfo _kernel;
    private int _sites;

    private LaneCompiler(MethodInfo kernel) => _kernel = kernel;

    /// <param name="kernel">The kernel.</param>
    /// <param name="target">The object that it is a method of, which is an empty one, or null.</param>
    public static LaneProgram Compile(MethodInfo kernel, object? target)
    {
        var compiler = new LaneCompiler(kernel);
        var parameters = compiler.Enter(Parameters(kernel));
        compiler.Copy(kernel, parameters, result: null);
        var program = FrameBuilder.Build(kernel, compiler._slots, parameters, compiler._barriers, compiler._code);
        program.Target = target;
        return program;
    }

    private static Type[] Parameters(MethodBase method)
    {
        var types = method.GetParameters().Select(parameter => parameter.ParameterType);
        if (method.IsStatic)
            return [.. types];
        var type = method.DeclaringType!;
        return [type.IsValueType ? type.MakeByRefType() : type, .. types];
    }

    private Slot[] Enter(IEnumerable<Type> types)
    {
        var slots = types.Select(type => new Slot(type)).ToArray();
        _slots.AddRange(slots);
        _inScope.AddRange(slots);
        return slots;
    }

    private void Copy(MethodBase method, Slot[] parameters, Slot? result)
    {
        var body = method.GetMethodBody()!;
        if (body.ExceptionHandlingClauses.Count > 0)
            throw Unsupported($"'{method.Name}' handles exceptions");
        if (_chain.Contains(method))
            throw Unsupported($"'{method.Name}' calls itself");
        _chain.Add(method);
        new MethodCopy(this, parameters, Enter(body.LocalVariables.Select(local => local.LocalType)), result).Run(MethodReader.Read(method));
        _chain.Remove(method);
    }

    private void Emit(Action<ILGenerator> code) => _code.Add(code);

    private NotSupportedException Unsupported(string what) => new($"The kernel '{_kernel.DeclaringType?.Name}.{_kernel.Name}' has barriers or shared memory, and {what}.");

    /// <summary>A place in the code to come.</summary>
    internal sealed class Mark
    {
        private Label? _label;

        public Label In(ILGenerator il) => _label ??= il.DefineLabel();
    }

    /// <summary>Copies one method.</summary>
    private sealed class MethodCopy(LaneCompiler compiler, Slot[] parameters, Slot[] locals, Slot? result)
    {
        private readonly Dictionary<int, Mark> _marks = [];
        private readonly Dictionary<int, EvaluationStack> _stacks = [];
        private readonly Mark _end = new();
        private EvaluationStack _stack = new();
        private Type? _constraint;

        public void Run(List<Instruction> instructions)
        {
            foreach (var target in instructions.Where(i => i.Operand is int[]).SelectMany(i => (int[])i.Operand!))
                _marks.TryAdd(target, new());
            foreach (var instruction in instructions)
            {
                if (_marks.TryGetValue(instruction.Offset, out var mark))
                    compiler.Emit(il => il.MarkLabel(mark.In(il)));
                if (_stacks.TryGetValue(instruction.Offset, out var stack))
                    _stack = stack.Copy();
                Copy(instruction);
                if (instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Return or FlowControl.Throw)
                    _stack = new();
            }
            compiler.Emit(il => il.MarkLabel(_end.In(il)));
            if (compiler._chain.Count == 1)
                compiler.Emit(il => Return(il, LaneProgram.Finished));
        }

        private void Copy(Instruction instruction)
        {
            var opCode = instruction.OpCode;
            if (opCode == OpCodes.Ldarg || opCode == OpCodes.Ldloc)
                Load(Variable(instruction));
            else if (opCode == OpCodes.Ldarga || opCode == OpCodes.Ldloca)
                LoadAddress(Variable(instruction));
            else if (opCode == OpCodes.Starg || opCode == OpCodes.Stloc)
                Store(Variable(instruction));
            else if (opCode == OpCodes.Ret)
                Leave();
            else if (opCode == OpCodes.Constrained)
                _constraint = (Type)instruction.Operand!;
            else if (opCode == OpCodes.Call || opCode == OpCodes.Callvirt)
                Call(opCode, (MethodBase)instruction.Operand!);
            else if (opCode == OpCodes.Newobj)
                Create((ConstructorInfo)instruction.Operand!);
            else if (instruction.Operand is int[] targets)
                Branch(instruction, targets);
            else if (opCode != OpCodes.Tailcall && opCode != OpCodes.Nop)
                Keep(instruction);
        }

        private Slot Variable(Instruction instruction) => (instruction.OpCode.Name!.EndsWith("arg", StringComparison.Ordinal) || instruction.OpCode == OpCodes.Ldarga ? parameters : locals)[(int)instruction.Operand!];

        private void Load(Slot slot)
        {
            compiler.Emit(slot.Load);
            _stack.Push(slot.Type);
        }

        private void LoadAddress(Slot slot)
        {
            slot.IsAddressed = true;
            compiler.Emit(slot.LoadAddress);
            _stack.Push(typeof(nint));
        }

        private void Store(Slot slot)
        {
            compiler.Emit(slot.Store);
            _stack.Pop();
        }

        private void Leave()
        {
            if (result != null)
                Store(result);
            compiler.Emit(il => il.Emit(OpCodes.Br, _end.In(il)));
        }

        private void Branch(Instruction instruction, int[] targets)
        {
            _stack.Apply(instruction);
            var marks = targets.Select(target => _marks[target]).ToArray();
            foreach (var target in targets)
                _stacks.TryAdd(target, _stack.Copy());
            if (instruction.OpCode == OpCodes.Switch)
                compiler.Emit(il => il.Emit(OpCodes.Switch, marks.Select(mark => mark.In(il)).ToArray()));
            else
                compiler.Emit(il => il.Emit(instruction.OpCode, marks[0].In(il)));
        }

        private void Call(OpCode opCode, MethodBase method)
        {
            var constraint = _constraint;
            _constraint = null;
            var target = GroupMethods.Target(method, constraint);
            if (GroupMethods.IsBarrier(target))
            {
                Suspend();
                return;
            }
            if (!GroupMethods.IsSharedAllocation(target) && GroupMethods.Needs(target))
            {
                CopyCallee(target);
                return;
            }
            if (GroupMethods.IsSharedAllocation(target))
            {
                var site = compiler._sites++;
                compiler.Emit(il =>
                {
                    il.Emit(OpCodes.Ldc_I4, site);
                    il.Emit(OpCodes.Call, s_allocatesAt);
                });
            }
            compiler.Emit(il =>
            {
                if (constraint != null)
                    il.Emit(OpCodes.Constrained, constraint);
                if (method is ConstructorInfo constructor)
                    il.Emit(opCode, constructor);
                else
                    il.Emit(opCode, (MethodInfo)method);
            });
            _stack.Call(method, creates: false);
        }

        private void Create(ConstructorInfo constructor)
        {
            compiler.Emit(il => il.Emit(OpCodes.Newobj, constructor));
            _stack.Call(constructor, creates: true);
        }

        /// <summary>Leaves with the barrier's number, and goes on here when called with it.</summary>
        private void Suspend()
        {
            if (_stack.Depth > 0)
                throw compiler.Unsupported("a barrier stands inside an expression");
            var mark = new Mark();
            compiler._barriers.Add(mark);
            var number = compiler._barriers.Count;
            var variables = compiler._inScope.ToArray();
            compiler.Emit(il =>
            {
                foreach (var variable in variables)
                    variable.Save(il);
                Return(il, number);
                il.MarkLabel(mark.In(il));
                foreach (var variable in variables)
                    variable.Restore(il);
            });
        }

        /// <summary>Copies a method in the place of its call. What its caller had on the stack waits in variables.</summary>
        private void CopyCallee(MethodBase method)
        {
            var outer = compiler._inScope.Count;
            var arguments = compiler.Enter(Parameters(method));
            foreach (var argument in arguments.Reverse())
                Store(argument);
            var waiting = new List<Slot>();
            while (_stack.Depth > 0)
            {
                var type = _stack.Pop() ?? throw compiler.Unsupported($"the call of '{method.Name}' stands inside an expression that cannot wait: assign its result to a variable first");
                var slot = compiler.Enter([type])[0];
                waiting.Add(slot);
                compiler.Emit(slot.Store);
            }
            var returns = method is MethodInfo { ReturnType: var returned } && returned != typeof(void) ? compiler.Enter([returned])[0] : null;
            compiler.Copy(method, arguments, returns);
            compiler._inScope.RemoveRange(outer, compiler._inScope.Count - outer);
            waiting.Reverse();
            foreach (var slot in waiting)
                Load(slot);
            if (returns != null)
                Load(returns);
        }

        private void Keep(Instruction instruction)
        {
            var opCode = instruction.OpCode;
            _stack.Apply(instruction);
            compiler.Emit(il =>
            {
                switch (instruction.Operand)
                {
                    case null: il.Emit(opCode); break;
                    case FieldInfo field: il.Emit(opCode, field); break;
                    case Type type: il.Emit(opCode, type); break;
                    case MethodInfo method: il.Emit(opCode, method); break;
                    case string text: il.Emit(opCode, text); break;
                    case byte number: il.Emit(opCode, number); break;
                    case int number: il.Emit(opCode, number); break;
                    case long number: il.Emit(opCode, number); break;
                    case float number: il.Emit(opCode, number); break;
                    case double number: il.Emit(opCode, number); break;
                    default: throw compiler.Unsupported($"the instruction {opCode.Name}");
                }
            });
        }

        private static void Return(ILGenerator il, int state)
        {
            il.Emit(OpCodes.Ldc_I4, state);
            il.Emit(OpCodes.Ret);
        }
    }
}
