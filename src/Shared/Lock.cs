#if !NET9_0_OR_GREATER
// Before .NET 9 there is no type of its own to lock; any object will do.
global using Lock = object;
#endif
