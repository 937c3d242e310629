/*
 * What a program asks of C_GetInterfaceList and C_GetInterface (sections 5.4.5 and 5.4.6), and what it is given: one
 * line for each question. Include a PKCS#11 header before it, and define `entries`: how many functions that header
 * knows a list of this version to have.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { OFFERED = 3 };

static CK_C_GetInterfaceList get_interface_list;
static CK_C_GetInterface get_interface;
static CK_INTERFACE listed[OFFERED];

static size_t entries(CK_VERSION version);

static const char *name_of(CK_RV rv)
{
    static const struct {
        CK_RV rv;
        const char *name;
    } names[] = {
        {CKR_OK, "CKR_OK"},
        {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"},
        {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED"},
        {CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL"},
        {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED"},
#ifdef CKR_AEAD_DECRYPT_FAILED
        {CKR_AEAD_DECRYPT_FAILED, "CKR_AEAD_DECRYPT_FAILED"},
#endif
    };
    static char number[32];
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].rv == rv)
            return names[i].name;
    snprintf(number, sizeof number, "0x%lx", rv);
    return number;
}

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void must(const char *what, CK_RV rv)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, name_of(rv));
    exit(1);
}

static CK_FUNCTION_LIST *load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        give_up(dlerror());
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
    get_interface_list = (CK_C_GetInterfaceList)dlsym(module, "C_GetInterfaceList");
    get_interface = (CK_C_GetInterface)dlsym(module, "C_GetInterface");
    if (get == NULL || get_interface_list == NULL || get_interface == NULL)
        give_up("a symbol is missing");
    CK_FUNCTION_LIST *list = NULL;
    must("C_GetFunctionList", get(&list));
    return list;
}

/* Every list begins with its version (section 3.7). */
static CK_VERSION version_of(const void *list)
{
    CK_VERSION version;
    memcpy(&version, list, sizeof version);
    return version;
}

/* Every list begins with the functions of 2.40. */
static CK_FUNCTION_LIST *functions(const CK_INTERFACE *interface)
{
    return (CK_FUNCTION_LIST *)interface->pFunctionList;
}

static void show(const CK_INTERFACE *interface)
{
    CK_VERSION version = version_of(interface->pFunctionList);
    printf("%s %d.%d, flags %lu", (const char *)interface->pInterfaceName, version.major, version.minor,
           interface->flags);
}

static void lists(const CK_FUNCTION_LIST *exported)
{
    CK_ULONG count = 0;
    CK_RV rv = get_interface_list(NULL, &count);
    printf("number: %s, %lu\n", name_of(rv), count);
    count = OFFERED - 1;
    rv = get_interface_list(listed, &count);
    printf("too little room: %s, %lu\n", name_of(rv), count);
    count = OFFERED;
    must("C_GetInterfaceList", get_interface_list(listed, &count));
    if (count != OFFERED)
        give_up("another number of interfaces");
    for (CK_ULONG i = 0; i < count; i++) {
        printf("listed: ");
        show(&listed[i]);
        puts(listed[i].pFunctionList == exported ? ", that of C_GetFunctionList" : "");
    }
}

/* One question to C_GetInterface: prints it, and what was given; that must be a list of C_GetInterfaceList too. */
static const CK_INTERFACE *ask(const char *name, const CK_VERSION *version, CK_FLAGS flags)
{
    CK_VERSION wanted = version == NULL ? (CK_VERSION){0, 0} : *version;
    CK_INTERFACE *found = NULL;
    CK_RV rv = get_interface((CK_UTF8CHAR *)name, version == NULL ? NULL : &wanted, &found, flags);
    printf(name == NULL ? "NULL" : "\"%s\"", name);
    printf(version == NULL ? ", NULL" : ", %d.%d", wanted.major, wanted.minor);
    printf(", %lu: ", flags);
    if (rv == CKR_OK && found != NULL) {
        show(found);
        const char *same = " that is not listed";
        for (size_t i = 0; i < OFFERED; i++)
            if (listed[i].pFunctionList == found->pFunctionList)
                same = "";
        puts(same);
    } else {
        printf("%s%s\n", name_of(rv), found == NULL ? "" : " and a pointer");
    }
    return found;
}

static void questions(void)
{
    static const CK_VERSION versions[] = {{2, 40}, {3, 0}, {3, 2}, {3, 1}, {2, 20}, {4, 0}, {0, 0}};
    static const char *const wrong[] = {"PKCS 12", "PKCS 1", "PKCS 11 ", "pkcs 11", ""};
    /* The second is CKF_INTERFACE_FORK_SAFE. */
    static const CK_FLAGS flags[] = {0, 1, 2};
    for (size_t i = 0; i < COUNT(versions); i++) {
        ask("PKCS 11", &versions[i], 0);
        ask(NULL, &versions[i], 0);
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        ask("PKCS 11", NULL, flags[i]);
        ask(NULL, NULL, flags[i]);
        ask("PKCS 11", &versions[2], flags[i]);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        ask(wrong[i], NULL, 0);
        ask(wrong[i], &versions[1], 0);
    }
    printf("no place: %s\n", name_of(get_interface(NULL, NULL, NULL, 0)));
    printf("no place for a number: %s\n", name_of(get_interface_list(listed, NULL)));
}

/* How many entries of a list are null. */
static size_t missing(const CK_INTERFACE *interface)
{
    size_t count = 0, all = entries(version_of(interface->pFunctionList));
    const unsigned char *first = (const unsigned char *)interface->pFunctionList;
    first += offsetof(CK_FUNCTION_LIST, C_Initialize);
    for (size_t i = 0; i < all; i++) {
        void (*entry)(void);
        memcpy(&entry, first + i * sizeof entry, sizeof entry);
        count += entry == NULL;
    }
    return count;
}

/* Calls through each list. */
static void calls(void)
{
    for (size_t i = 0; i < OFFERED; i++) {
        CK_FUNCTION_LIST *list = functions(&listed[i]);
        CK_INFO info = {0};
        CK_RV rv = list->C_GetInfo(&info);
        CK_FUNCTION_LIST *other = NULL;
        must("C_GetFunctionList", list->C_GetFunctionList(&other));
        printf("%d.%d: %zu entries, %zu missing, C_GetInfo %s, version %d.%d, C_GetFunctionList %d.%d\n",
               list->version.major, list->version.minor, entries(list->version), missing(&listed[i]),
               name_of(rv), info.cryptokiVersion.major, info.cryptokiVersion.minor, other->version.major,
               other->version.minor);
    }
}

static CK_SESSION_HANDLE user_session(CK_FUNCTION_LIST *list, const char *pin)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = COUNT(slots);
    must("C_GetSlotList", list->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        must("C_GetTokenInfo", list->C_GetTokenInfo(slots[i], &info));
        if (info.flags & CKF_TOKEN_INITIALIZED) {
            CK_SESSION_HANDLE session;
            CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
            must("C_OpenSession", list->C_OpenSession(slots[i], flags, NULL, NULL, &session));
            must("C_Login", list->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)));
            return session;
        }
    }
    give_up("no token");
    return 0;
}
