// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: 128-bit row identities.
namespace Microsoft.ML.Data;

public readonly struct DataViewRowId : IComparable<DataViewRowId>, IEquatable<DataViewRowId>
{
    public readonly ulong Low;
    public readonly ulong High;

    public DataViewRowId(ulong low, ulong high)
    {
        Low = low;
        High = high;
    }

    public bool Equals(DataViewRowId other) => Low == other.Low && High == other.High;

    public override bool Equals(object obj) => obj is DataViewRowId other && Equals(other);

    public int CompareTo(DataViewRowId other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    public override int GetHashCode() => HashCode.Combine(Low, High);

    public override string ToString() => $"{High:x16}{Low:x16}";

    public DataViewRowId Combine(DataViewRowId other) => new(Mix(Low, other.Low), Mix(High ^ Low, other.High));

    public DataViewRowId Fork() => new(Mix(Low, 1), Mix(High, 1));

    public DataViewRowId Next() => new(Mix(Low, 2), Mix(High, 2));

    private static ulong Mix(ulong x, ulong y)
    {
        x ^= y + 0x9E3779B97F4A7C15 + (x << 6) + (x >> 2);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
