namespace ILGPU.Util;

/// <summary>Something that can be extended. The stand-in has no extensions.</summary>
public abstract class ExtensionBase<TExtension> : DisposeBase;

public abstract class CachedExtensionBase<TExtension> : ExtensionBase<TExtension>;
