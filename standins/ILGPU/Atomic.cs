namespace ILGPU;

/// <summary>Operations that no other thread can come between. They return what was there before.</summary>
public static class Atomic
{
    public static int Add(ref int target, int value) => Interlocked.Add(ref target, value) - value;
    public static int Exchange(ref int target, int value) => Interlocked.Exchange(ref target, value);
    public static int CompareExchange(ref int target, int compare, int value) => Interlocked.CompareExchange(ref target, value, compare);
    public static int And(ref int target, int value) => Interlocked.And(ref target, value);
    public static int Or(ref int target, int value) => Interlocked.Or(ref target, value);
    public static int Xor(ref int target, int value) => Update(ref target, value, static (a, b) => a ^ b);
    public static int Max(ref int target, int value) => Update(ref target, value, Math.Max);
    public static int Min(ref int target, int value) => Update(ref target, value, Math.Min);

    private static int Update(ref int target, int value, Func<int, int, int> update)
    {
        while (true)
        {
            var before = Volatile.Read(ref target);
            if (Interlocked.CompareExchange(ref target, update(before, value), before) == before)
                return before;
        }
    }
}
